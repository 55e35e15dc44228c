"""Beside the conversation: views, queues and their counts, the list, the agent's own state."""
