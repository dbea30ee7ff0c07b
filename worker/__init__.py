"""How it is run: Celery, Redis, SQL, HTTP, helpdesks, models, the command line and the pages."""
