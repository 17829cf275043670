"""What `alta` does on the command line: a module for each group of commands.

They import Django only when they run."""
