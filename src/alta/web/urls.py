"""The screens' addresses, in the language of most people who use them."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from alta.web.views import (
    assign,
    catalogue,
    customers,
    jobs,
    services,
    start,
    stock,
    stock_import,
    stock_templates,
)

urlpatterns = [
    path("", start.start, name="start"),
    path("healthz", start.health, name="health"),
    path("entrar/", start.SignIn.as_view(), name="sign_in"),
    path("salir/", LogoutView.as_view(), name="sign_out"),
    path("idioma/", start.set_language, name="language"),
    path("productos/", catalogue.products, name="products"),
    path("clientes/", customers.search, name="customers"),
    path("clientes/<int:customer_id>/", customers.customer, name="customer"),
    path("servicios/<int:service_id>/", services.service, name="service"),
    path("asignar/", assign.begin, name="assign_begin"),
    path("asignar/<uuid:order>/", assign.resume, name="assign"),
    path("asignar/<uuid:order>/producto/", assign.product, name="assign_product"),
    path("asignar/<uuid:order>/cliente/", assign.customer, name="assign_customer"),
    path("asignar/<uuid:order>/inventario/", assign.inventory, name="assign_inventory"),
    path("asignar/<uuid:order>/inventario/<slug:name>/", assign.items, name="assign_items"),
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
    path("inventario/", stock.kinds, name="stock"),
    path("inventario/plantillas/nueva/", stock_templates.new, name="stock_template_new"),
    path("inventario/<int:template_id>/", stock.items, name="stock_items"),
    path("inventario/<int:template_id>/editar/", stock_templates.edit, name="stock_template_edit"),
    path("inventario/<int:template_id>/agregar/", stock.add, name="stock_add"),
    path("inventario/<int:template_id>/cambios/", stock.change, name="stock_change"),
    path("inventario/<int:template_id>/importar/", stock_import.upload, name="stock_import"),
    path("inventario/<int:template_id>/ejemplo.csv", stock_import.example, name="stock_import_example"),
    path("inventario/articulos/<int:item_id>/", stock.item, name="stock_item"),
    path("inventario/importaciones/<uuid:file>/", stock_import.preview, name="stock_import_preview"),
    path(
        "inventario/importaciones/<uuid:file>/confirmar/", stock_import.confirm, name="stock_import_confirm"
    ),
    path("inventario/importaciones/<uuid:file>/errores.csv", stock_import.errors, name="stock_import_errors"),
]
