"""E-mail over SMTP, written from templates in every language."""
