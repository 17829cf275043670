"""The product as people meet it: real Chromium, real server and worker processes, real network elements."""
