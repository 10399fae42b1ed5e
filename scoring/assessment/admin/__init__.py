"""The year's rows in the administration: read, never written there."""
