"""The site map, grouped by noun, a line a page; an item's id may be any text, and is answered in words."""

from django.urls import path, re_path

from .web import bare_pages
from .web.views import (
    account,
    audit,
    budget,
    connection,
    connections,
    export,
    health,
    help,
    job,
    lookup,
    media,
    overview,
    removal,
    report,
    saved_views,
    selection,
    ticket,
)

ITEM = r"^c/(?P<slug>[-\w]+)/media/(?P<media_id>[\s\S]*)"

urlpatterns = [
    path("", connection.home, name="home"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("reports/", report.report, name="report"),
    path("preferences/", account.preferences, name="preferences"),
    path("c/<slug:slug>/", connection.connection, name="connection"),
    path("c/<slug:slug>/jobs/", job.connection_jobs, name="connection-jobs"),
    path("c/<slug:slug>/overview/", overview.connection_overview, name="connection-overview"),
    path("c/<slug:slug>/scan/", overview.connection_scan, name="connection-scan"),
    path("c/<slug:slug>/purge/", removal.connection_purge, name="connection-purge"),
    path("c/<slug:slug>/media/", media.media_list, name="media-list"),
    path("c/<slug:slug>/export/", export.media_export, name="media-export"),
    path("c/<slug:slug>/export/now/", export.media_export_now, name="media-export-now"),
    path("c/<slug:slug>/stuck/", media.connection_stuck, name="connection-stuck"),
    path("c/<slug:slug>/expiring/", media.connection_expiring, name="connection-expiring"),
    path("c/<slug:slug>/live/", media.media_live, name="media-live"),
    path("c/<slug:slug>/tray/", selection.selection, name="selection"),
    path("c/<slug:slug>/tray/change/", selection.selection_change, name="selection-change"),
    re_path(ITEM + r"/delete/$", removal.media_delete, name="media-delete"),
    re_path(ITEM + r"/reveal/$", media.media_reveal, name="media-reveal"),
    re_path(ITEM + r"/$", media.media_item, name="media-item"),
    path("go", ticket.go, name="go"),
    path("go/answers", ticket.go_answers, name="go-answers"),
    path("lookup/", lookup.lookups, name="lookups"),
    path("lookup/count/", lookup.lookup_count, name="lookup-count"),
    path("lookup/<uuid:pk>/", lookup.lookup, name="lookup"),
    path("lookup/<uuid:pk>/export/", lookup.lookup_export, name="lookup-export"),
    path("lookup/<uuid:pk>/again/", lookup.lookup_again, name="lookup-again"),
    path("lookup/<uuid:pk>/tray/", lookup.lookup_selection, name="lookup-selection"),
    path("connections/", connections.connections, name="connections"),
    path("connections/add/", connections.connection_add, name="connection-add"),
    path("connections/import/", connections.connection_import, name="connection-import"),
    path("connections/<slug:slug>/", connections.connection_change, name="connection-change"),
    path("connections/<slug:slug>/archive/", connections.connection_archive, name="connection-archive"),
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.audit_export, name="audit-export"),
    path("audit/<int:sequence>/", audit.audit_event, name="audit-event"),
    path("budgets/<int:pk>/lift/", budget.budget_lift, name="budget-lift"),
    # Of bulk removals too: /removals/ went to single removals first, and those addresses stand in tickets.
    path("jobs/<uuid:pk>/", job.job, name="job"),
    path("jobs/<uuid:pk>/stop/", job.job_stop, name="job-stop"),
    path("jobs/<uuid:pk>/resume/", job.job_resume, name="job-resume"),
    path("jobs/<uuid:pk>/retry/", job.job_retry, name="job-retry"),
    path("removals/<uuid:pk>/", removal.removal, name="removal"),
    path("removals/<uuid:pk>/look/", removal.removal_look, name="removal-look"),
    path("removals/<uuid:pk>/close/", removal.removal_close, name="removal-close"),
    path("views/", saved_views.views, name="views"),
    path("views/add/", saved_views.view_add, name="view-add"),
    path("views/<int:pk>/delete/", saved_views.view_delete, name="view-delete"),
    path("keys/", help.keys, name="keys"),
    path("jobs/<uuid:pk>/file/", export.job_file, name="job-file"),
    path("styleguide/", help.styleguide, name="styleguide"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

handler400 = bare_pages.make_handler(400)
handler403 = bare_pages.make_handler(403)
handler404 = bare_pages.make_handler(404)
handler500 = bare_pages.make_handler(500)
