"""Settings: `embedded` (laptop, demo; the default), `production`, `test`; all stand on `base`."""
