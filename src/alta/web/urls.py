"""The screens' addresses, in the language of most people who use them."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from alta.web.views import (
    assign,
    catalogue,
    customers,
    customers_belongings,
    customers_edit,
    jobs,
    services,
    start,
)

urlpatterns = [
    path("", start.start, name="start"),
    path("healthz", start.health, name="health"),
    path("entrar/", start.SignIn.as_view(), name="sign_in"),
    path("salir/", LogoutView.as_view(), name="sign_out"),
    path("idioma/", start.set_language, name="language"),
    path("productos/", catalogue.products, name="products"),
    path("clientes/", customers.search, name="customers"),
    path("clientes/nuevo/", customers_edit.new, name="customer_new"),
    path("clientes/<int:customer_id>/", customers.customer, name="customer"),
    path("clientes/<int:customer_id>/editar/", customers_edit.edit, name="customer_edit"),
    path("clientes/<int:customer_id>/estado/", customers_edit.status, name="customer_status"),
    path("clientes/<int:customer_id>/unir/", customers_edit.merge, name="customer_merge"),
    path("clientes/<int:customer_id>/sitios/nuevo/", customers_belongings.site, name="site_new"),
    path("clientes/<int:customer_id>/sitios/<int:site_id>/", customers_belongings.site, name="site"),
    path("clientes/<int:customer_id>/contactos/nuevo/", customers_belongings.contact, name="contact_new"),
    path(
        "clientes/<int:customer_id>/contactos/<int:contact_id>/", customers_belongings.contact, name="contact"
    ),
    path("clientes/<int:customer_id>/notas/", customers_belongings.note, name="customer_note"),
    path("clientes/<int:customer_id>/etiquetas/", customers_belongings.tag, name="customer_tag"),
    path("clientes/<int:customer_id>/pagos/", customers_belongings.default_payment, name="customer_payment"),
    path("servicios/<int:service_id>/", services.service, name="service"),
    path("asignar/", assign.begin, name="assign_begin"),
    path("asignar/<uuid:order>/", assign.resume, name="assign"),
    path("asignar/<uuid:order>/producto/", assign.product, name="assign_product"),
    path("asignar/<uuid:order>/cliente/", assign.customer, name="assign_customer"),
    path("asignar/<uuid:order>/inventario/", assign.inventory, name="assign_inventory"),
    path("asignar/<uuid:order>/inventario/<slug:name>/", assign.items, name="assign_items"),
    path("asignar/<uuid:order>/datos/", assign.details, name="assign_details"),
    path("asignar/<uuid:order>/renovacion/", assign.renewal, name="assign_renewal"),
    path("asignar/<uuid:order>/revision/", assign.review, name="assign_review"),
    path("asignar/<uuid:order>/progreso/", assign.progress, name="assign_progress"),
    path("asignar/<uuid:order>/cancelar/", assign.cancel, name="assign_cancel"),
    path("trabajos/", jobs.jobs, name="jobs"),
    path("trabajos/<int:job_id>/", jobs.job, name="job"),
    path("trabajos/<int:job_id>/progreso/", jobs.progress, name="job_progress"),
    path("trabajos/<int:job_id>/tareas/", jobs.tasks, name="job_tasks"),
    path("trabajos/<int:job_id>/eventos/", jobs.events, name="job_events"),
    path("trabajos/<int:job_id>/reintentar/", jobs.retry, name="job_retry"),
    path("trabajos/<int:job_id>/editar/", jobs.edit, name="job_edit"),
    path("trabajos/<int:job_id>/omitir/", jobs.skip, name="job_skip"),
    path("trabajos/<int:job_id>/cancelar/", jobs.cancel, name="job_cancel"),
    path("trabajos/<int:job_id>/deshacer/", jobs.undo, name="job_undo"),
]
