from django.db import migrations, models

import openhearth.kernel.clock


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sender", models.CharField(max_length=320)),
                ("to", models.TextField()),
                ("subject", models.CharField(max_length=998)),
                ("text", models.TextField()),
                ("html", models.TextField(default="")),
                ("message", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[("kept", "kept"), ("queued", "waiting"), ("sent", "sent"), ("failed", "failed")],
                        default="kept",
                        max_length=10,
                    ),
                ),
                ("error", models.TextField(default="")),
                ("created_at", models.DateTimeField(default=openhearth.kernel.clock.now)),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={"indexes": [models.Index(fields=["-created_at", "-id"], name="mail_recent")]},
        ),
    ]
