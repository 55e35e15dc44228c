"""What agents write: drafts and their files, Send and Undo, replies at hand, signatures."""
