"""The sample province: fictitious, plainly so, a rehearsal through and through. Loaded by `manage.py load_demo`."""
