"""Running an instance: administration, backup, restore, verify."""
