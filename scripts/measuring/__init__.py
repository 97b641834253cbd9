"""What the benches share: a server and its client, recordings with their truth, the accounting, the yardstick."""
