"""The launcher: makes the environment, starts and watches the processes. Imports no Django."""
