"""The set-up wizard: from nothing to a channel that is on, in eight steps."""
