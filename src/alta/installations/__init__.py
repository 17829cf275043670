"""When a technician comes, and what is done there: the calendar, the appointments, the work orders."""
