"""Users whose policies are known, and the discussion they would have left behind."""
