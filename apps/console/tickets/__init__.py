"""The pages of the built-in CRM: the list of tickets, and one ticket."""
