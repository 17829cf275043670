from django.db import migrations


def keep_rights(apps, schema_editor):
    """Before there were roles, everybody could do everything except what only an administrator does now."""
    users = apps.get_model("accounts", "User").objects
    users.filter(is_superuser=True).update(roles=["administrator"])
    users.filter(is_superuser=False).update(roles=["agent", "supervisor", "stock_keeper", "engineer"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_people_roles_and_second_factor")]
    operations = [migrations.RunPython(keep_rights, migrations.RunPython.noop)]
