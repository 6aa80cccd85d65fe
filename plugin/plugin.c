/* The plug-in as GIMP starts it: which procedures there are, what they share, where texts are translated.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

#include "models.h"
#include "procedure.h"

typedef struct
{
  GimpPlugIn parent_instance;
} UnclipPlugin;

typedef struct
{
  GimpPlugInClass parent_class;
} UnclipPluginClass;

static GType unclip_plugin_get_type (void);
G_DEFINE_TYPE (UnclipPlugin, unclip_plugin, GIMP_TYPE_PLUG_IN)

/* What GIMP_MAIN would write, and the threads' manners before. */
int
main (int    argc,
      char **argv)
{
  return gimp_main (unclip_plugin_get_type (), argc, argv);
}

const UnclipPluginDescriptor *const unclip_plugin_procedures[] = {
  &unclip_plugin_variations,
  &unclip_plugin_text_edit,
  &unclip_plugin_interpolate,
  &unclip_plugin_mix,
  &unclip_plugin_generate,
  &unclip_plugin_enlarge,
  &unclip_plugin_probe,
  &unclip_plugin_edit_again,
  NULL
};

const UnclipPluginDescriptor *
unclip_plugin_descriptor (const char *name)
{
  for (guint i = 0; unclip_plugin_procedures[i] != NULL; i++)
    if (strcmp (name, unclip_plugin_procedures[i]->name) == 0)
      return unclip_plugin_procedures[i];
  return NULL;
}

/* Files lie beside the executable, also where GIMP finds that by a link into a build tree. */
static char *
beside_executable (const char *name)
{
  g_autofree char *link = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *dir = g_path_get_dirname (link != NULL ? link : gimp_get_progname ());

  return g_build_filename (dir, name, NULL);
}

static GList *
query_procedures (GimpPlugIn *plug_in)
{
  g_autofree char *help = beside_executable ("help");
  g_autoptr (GFile) domain = g_file_new_for_path (help);
  GList *names = NULL;

  gimp_plug_in_set_help_domain (plug_in, GETTEXT_PACKAGE, domain);
  gimp_plug_in_add_menu_branch (plug_in, "<Image>/Filters", "unCLIP");
  for (guint i = 0; unclip_plugin_procedures[i] != NULL; i++)
    names = g_list_append (names, g_strdup (unclip_plugin_procedures[i]->name));
  names = g_list_append (names, g_strdup (UNCLIP_PLUGIN_MODELS));
  return names;
}

static GimpProcedure *
create_procedure (GimpPlugIn *plug_in,
                  const char *name)
{
  g_autofree char *icon_path = beside_executable ("unclip.svg");
  g_autoptr (GFile) icon = g_file_new_for_path (icon_path);
  const UnclipPluginDescriptor *descriptor = unclip_plugin_descriptor (name);
  GimpProcedure   *procedure;

  if (descriptor != NULL)
    procedure = unclip_plugin_procedure_new (plug_in, descriptor);
  else if (strcmp (name, UNCLIP_PLUGIN_MODELS) == 0)
    procedure = unclip_plugin_models_new (plug_in);
  else
    return NULL;

  gimp_procedure_add_menu_path (procedure, "<Image>/Filters/unCLIP");
  gimp_procedure_set_icon_file (procedure, icon);
  gimp_procedure_set_attribution (procedure, "The gimp-unclip authors", "The gimp-unclip authors", "2026");
  return procedure;
}

/* The engine's texts and these are in one catalogue, outside of the plug-in's folder; GIMP's own
 * way looks in that folder alone, and complains when there is nothing. */
static gboolean
set_i18n (GimpPlugIn *plug_in,
          const char *procedure_name,
          char      **gettext_domain,
          char      **catalog_dir)
{
  const char *dir = g_getenv ("UNCLIP_LOCALE_DIR"); /* of a build tree */

  bindtextdomain (GETTEXT_PACKAGE, dir != NULL ? dir : UNCLIP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  return FALSE;
}

static void
unclip_plugin_class_init (UnclipPluginClass *klass)
{
  GimpPlugInClass *plug_in_class = GIMP_PLUG_IN_CLASS (klass);

  plug_in_class->query_procedures = query_procedures;
  plug_in_class->create_procedure = create_procedure;
  plug_in_class->set_i18n = set_i18n;
}

static void
unclip_plugin_init (UnclipPlugin *plug_in)
{
}
