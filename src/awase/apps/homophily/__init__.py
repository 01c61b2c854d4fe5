"""Behavioural homophily: who acts alike, whatever they talk about, from any threaded discussion."""
