"""Every byte that touches the disk: whole or not at all, synced before it is promised, checked before it is used."""
