/* See torch.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "torch.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "zip.h"

/* The largest pickle that is looked at; a checkpoint of 2,000 tensors has 300 KB. */
#define MAX_PICKLE (64 << 20)
/* Of the pickle's bytes, so many make a value at least: a tensor's name, shape and storage take ten times as many. */
#define BYTES_PER_VALUE 4
#define FREE_VALUES 64

typedef enum
{
  NOTHING, /* None, a truth value, a float: what no tensor is made of */
  NUMBER,
  TEXT,
  SEQUENCE, /* tuple or list */
  DICT,
  GLOBAL,
  STORAGE,
  TENSOR
} Kind;

/* The only names that a pickle may ask for. */
typedef enum
{
  ORDERED_DICT,
  REBUILD_TENSOR,
  REBUILD_PARAMETER,
  STORAGE_TYPE
} Role;

typedef struct
{
  const char *module, *name;
  Role        role;
  UnclipDtype dtype; /* of a storage type */
} Global;

static const Global globals[] = {
  { "collections", "OrderedDict", ORDERED_DICT },
  { "torch._utils", "_rebuild_tensor_v2", REBUILD_TENSOR },
  { "torch._utils", "_rebuild_parameter", REBUILD_PARAMETER },
  { "torch", "DoubleStorage", STORAGE_TYPE, UNCLIP_DTYPE_F64 },
  { "torch", "FloatStorage", STORAGE_TYPE, UNCLIP_DTYPE_F32 },
  { "torch", "HalfStorage", STORAGE_TYPE, UNCLIP_DTYPE_F16 },
  { "torch", "BFloat16Storage", STORAGE_TYPE, UNCLIP_DTYPE_BF16 },
  { "torch", "LongStorage", STORAGE_TYPE, UNCLIP_DTYPE_I64 },
  { "torch", "IntStorage", STORAGE_TYPE, UNCLIP_DTYPE_I32 },
  { "torch", "ShortStorage", STORAGE_TYPE, UNCLIP_DTYPE_I16 },
  { "torch", "CharStorage", STORAGE_TYPE, UNCLIP_DTYPE_I8 },
  { "torch", "ByteStorage", STORAGE_TYPE, UNCLIP_DTYPE_U8 },
  { "torch", "BoolStorage", STORAGE_TYPE, UNCLIP_DTYPE_BOOL },
};

typedef struct
{
  UnclipDtype dtype;
  gsize       offset, n; /* from the start of the file; values */
} Storage;

typedef struct
{
  Storage storage;
  gsize   first; /* value of the storage that the tensor begins with */
  int     n_dims;
  int     dims[UNCLIP_MAX_DIMS];
  gsize   strides[UNCLIP_MAX_DIMS], n;
} View;

typedef struct
{
  Kind kind;
  union
  {
    gint64        number;
    const Global *global;
    Storage       storage;
    View         *view;
    GPtrArray    *items; /* of a sequence; of a dict, keys and values in turn. NULL while there are none */
    struct
    {
      const char *at; /* in the pickle; not closed by a zero */
      gsize       size;
    } text;
  };
} Value;

typedef struct
{
  UnclipContainer *file;
  GHashTable      *members; /* of the archive */
  char            *folder;  /* that they all lie in, with its slash */
  const guint8    *at, *end;
  GPtrArray       *values;  /* all there are, owned */
  GPtrArray       *stack;
  GArray          *marks;   /* heights of the stack */
  GHashTable      *memo;    /* number to Value, both none */
  gsize            n_most;  /* values that so short a pickle may have */
  GError         **error;
} Machine;

static void
value_free (Value *value)
{
  if ((value->kind == SEQUENCE || value->kind == DICT) && value->items != NULL)
    g_ptr_array_unref (value->items);
  if (value->kind == TENSOR)
    g_free (value->view);
  g_free (value);
}

static gboolean
refuse (Machine *machine, const char *why)
{
  g_set_error (machine->error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: its list of tensors %s; take the .safetensors file of the same model"),
               machine->file->path, why);
  return FALSE;
}

static gboolean
refuse_form (Machine *machine)
{
  return refuse (machine, _("is damaged, or is not of the form that torch writes"));
}

/* ---- the stack -------------------------------------------------------------------------------- */

static gboolean
push_old (Machine *machine, Value *value)
{
  g_ptr_array_add (machine->stack, value);
  return TRUE;
}

/* NULL: there are too many. */
static Value *
push (Machine *machine, Kind kind)
{
  Value *value;

  if (machine->values->len >= machine->n_most)
    {
      refuse_form (machine);
      return NULL;
    }
  value = g_new0 (Value, 1);
  value->kind = kind;
  g_ptr_array_add (machine->values, value);
  push_old (machine, value);
  return value;
}

static gboolean
push_number (Machine *machine, gint64 number)
{
  Value *value = push (machine, NUMBER);

  if (value != NULL)
    value->number = number;
  return value != NULL;
}

/* What is below the last mark is out of reach. */
static guint
floor_of (const Machine *machine)
{
  return machine->marks->len > 0 ? g_array_index (machine->marks, guint, machine->marks->len - 1) : 0;
}

/* The value that is @depth below the top; NULL with an error where the stack is not so deep. */
static Value *
peek (Machine *machine, guint depth)
{
  if (machine->stack->len < floor_of (machine) + depth + 1)
    {
      refuse_form (machine);
      return NULL;
    }
  return g_ptr_array_index (machine->stack, machine->stack->len - 1 - depth);
}

static void
drop (Machine *machine, guint n)
{
  g_ptr_array_set_size (machine->stack, machine->stack->len - n);
}

/* Takes the last mark away: *@n values lie above where it was. */
static gboolean
pop_mark (Machine *machine, guint *n)
{
  if (machine->marks->len == 0)
    return refuse_form (machine);
  *n = machine->stack->len - floor_of (machine);
  g_array_set_size (machine->marks, machine->marks->len - 1);
  return TRUE;
}

/* @owner gets the topmost @n values, which leave the stack. */
static void
take_items (Machine *machine, Value *owner, guint n)
{
  guint from = machine->stack->len - n;

  if (owner->items == NULL && n > 0)
    owner->items = g_ptr_array_sized_new (n);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (owner->items, g_ptr_array_index (machine->stack, from + i));
  drop (machine, n);
}

static gboolean
push_tuple (Machine *machine, guint n)
{
  Value tuple = { SEQUENCE }, *value;

  if (machine->stack->len < floor_of (machine) + n)
    return refuse_form (machine);
  take_items (machine, &tuple, n);
  value = push (machine, SEQUENCE);
  if (value == NULL)
    {
      g_clear_pointer (&tuple.items, g_ptr_array_unref);
      return FALSE;
    }
  value->items = tuple.items;
  return TRUE;
}

/* The topmost @n values go into what lies below them. */
static gboolean
append (Machine *machine, Kind kind, guint n)
{
  Value *owner;

  if (kind == DICT && n % 2 != 0)
    return refuse_form (machine);
  owner = peek (machine, n);
  if (owner == NULL)
    return FALSE;
  if (owner->kind != kind)
    return refuse_form (machine);
  take_items (machine, owner, n);
  return TRUE;
}

/* ---- what the pickle reads -------------------------------------------------------------------------- */

static const guint8 *
next_bytes (Machine *machine, guint64 n)
{
  const guint8 *at = machine->at;

  if (n > (guint64) (machine->end - at))
    {
      refuse (machine, _("is cut short"));
      return NULL;
    }
  machine->at += n;
  return at;
}

static gboolean
next_number (Machine *machine, int n_bytes, guint64 *out)
{
  const guint8 *at = next_bytes (machine, n_bytes);

  *out = 0;
  for (int i = n_bytes - 1; at != NULL && i >= 0; i--)
    *out = *out << 8 | at[i];
  return at != NULL;
}

static gboolean
push_text (Machine *machine, int n_bytes)
{
  const guint8 *at;
  Value        *value;
  guint64       size;

  if (! next_number (machine, n_bytes, &size) || (at = next_bytes (machine, size)) == NULL)
    return FALSE;
  value = push (machine, TEXT);
  if (value == NULL)
    return FALSE;
  value->text.at = (const char *) at;
  value->text.size = size;
  return TRUE;
}

/* A whole number of @n bytes, two's complement. */
static gboolean
push_long (Machine *machine, int n_bytes)
{
  const guint8 *at;
  guint64       size, value = 0;

  if (! next_number (machine, n_bytes, &size) || (at = next_bytes (machine, size)) == NULL)
    return FALSE;
  if (size > 8)
    return refuse_form (machine);
  for (guint64 i = 0; i < size; i++)
    value |= (guint64) at[i] << (8 * i);
  if (size > 0 && size < 8 && (at[size - 1] & 0x80) != 0)
    value |= ~(guint64) 0 << (8 * size);
  return push_number (machine, (gint64) value);
}

static gboolean
push_global (Machine *machine, const char *module, gsize n_module, const char *name, gsize n_name)
{
  g_autofree char *asked = NULL, *excerpt = NULL, *why = NULL;
  Value           *value;

  for (guint i = 0; i < G_N_ELEMENTS (globals); i++)
    if (strlen (globals[i].module) == n_module && memcmp (globals[i].module, module, n_module) == 0
        && strlen (globals[i].name) == n_name && memcmp (globals[i].name, name, n_name) == 0)
      {
        value = push (machine, GLOBAL);
        if (value != NULL)
          value->global = &globals[i];
        return value != NULL;
      }
  asked = g_strdup_printf ("%.*s.%.*s", (int) MIN (n_module, 40), module, (int) MIN (n_name, 40), name);
  excerpt = unclip_error_excerpt (asked);
  why = g_strdup_printf (_("asks for \"%s\", which no weights need and which may do harm, so that nothing of it is run"), excerpt);
  return refuse (machine, why);
}

static gboolean
next_line (Machine *machine, const char **line, gsize *size)
{
  const guint8 *end = memchr (machine->at, '\n', machine->end - machine->at);

  if (end == NULL)
    return refuse_form (machine);
  *line = (const char *) machine->at;
  *size = end - machine->at;
  machine->at = end + 1;
  return TRUE;
}

static gboolean
push_named (Machine *machine)
{
  const char *module, *name;
  gsize       n_module, n_name;

  return next_line (machine, &module, &n_module) && next_line (machine, &name, &n_name)
         && push_global (machine, module, n_module, name, n_name);
}

static gboolean
push_stacked (Machine *machine)
{
  const Value *name = peek (machine, 0), *module = name != NULL ? peek (machine, 1) : NULL;

  if (module == NULL)
    return FALSE;
  if (name->kind != TEXT || module->kind != TEXT)
    return refuse_form (machine);
  drop (machine, 2);
  return push_global (machine, module->text.at, module->text.size, name->text.at, name->text.size);
}

static gboolean
remember (Machine *machine, guint64 number)
{
  Value *value = peek (machine, 0);

  if (value == NULL)
    return FALSE;
  g_hash_table_insert (machine->memo, GSIZE_TO_POINTER (number), value);
  return TRUE;
}

static gboolean
recall (Machine *machine, guint64 number)
{
  Value *value = g_hash_table_lookup (machine->memo, GSIZE_TO_POINTER (number));

  return value != NULL ? push_old (machine, value) : refuse_form (machine);
}

/* ---- tensors ------------------------------------------------------------------------------------------- */

static const Value *
item (const Value *sequence, guint i, Kind kind)
{
  const Value *value = sequence->kind == SEQUENCE && sequence->items != NULL && i < sequence->items->len ? g_ptr_array_index (sequence->items, i) : NULL;

  return value != NULL && value->kind == kind ? value : NULL;
}

/* ("storage", type, key, where it was, number of values): the member data/KEY of the archive. */
static gboolean
push_storage (Machine *machine)
{
  const Value *id = peek (machine, 0), *what, *type, *key, *count;
  const UnclipZipMember *member;
  g_autofree char       *name = NULL;
  Value *value;
  gsize  size;

  if (id == NULL)
    return FALSE;
  what = item (id, 0, TEXT);
  type = item (id, 1, GLOBAL);
  key = item (id, 2, TEXT);
  count = item (id, 4, NUMBER);
  if (what == NULL || what->text.size != 7 || memcmp (what->text.at, "storage", 7) != 0 || type == NULL || type->global->role != STORAGE_TYPE
      || key == NULL || count == NULL || count->number < 0)
    return refuse_form (machine);

  name = g_strdup_printf ("%sdata/%.*s", machine->folder, (int) MIN (key->text.size, 1000), key->text.at);
  member = g_hash_table_lookup (machine->members, name);
  if (member == NULL || ! g_size_checked_mul (&size, count->number, unclip_dtype_size (type->global->dtype)) || size > member->size)
    return refuse (machine, _("names bytes that the file does not have"));
  drop (machine, 1);
  value = push (machine, STORAGE);
  if (value != NULL)
    value->storage = (Storage) { type->global->dtype, member->offset, count->number };
  return value != NULL;
}

/* Sizes and strides, which may step over values, repeat them or take them in another order, but not leave the storage. */
static gboolean
read_view (View *view, const Value *sizes, const Value *strides)
{
  gsize last = view->first;

  view->n_dims = sizes->items != NULL ? sizes->items->len : 0;
  if (view->n_dims > UNCLIP_MAX_DIMS || (strides->items != NULL ? strides->items->len : 0) != view->n_dims)
    return FALSE;
  view->n = 1;
  for (int i = 0; i < view->n_dims; i++)
    {
      const Value *size = item (sizes, i, NUMBER), *stride = item (strides, i, NUMBER);
      gsize        reach;

      if (size == NULL || stride == NULL || size->number < 0 || size->number > G_MAXINT || stride->number < 0
          || ! g_size_checked_mul (&view->n, view->n, size->number))
        return FALSE;
      view->dims[i] = (int) size->number;
      view->strides[i] = stride->number;
      if (size->number > 0
          && (! g_size_checked_mul (&reach, size->number - 1, stride->number) || ! g_size_checked_add (&last, last, reach)))
        return FALSE;
    }
  return view->n == 0 || last < view->storage.n;
}

/* (storage, first, sizes, strides, …) becomes a tensor. */
static gboolean
push_tensor (Machine *machine, const Value *arguments)
{
  const Value *storage = item (arguments, 0, STORAGE), *first = item (arguments, 1, NUMBER);
  const Value *sizes = item (arguments, 2, SEQUENCE), *strides = item (arguments, 3, SEQUENCE);
  g_autofree View *view = g_new0 (View, 1);
  Value *value;

  if (storage == NULL || first == NULL || first->number < 0 || sizes == NULL || strides == NULL)
    return refuse_form (machine);
  view->storage = storage->storage;
  view->first = first->number;
  if (! read_view (view, sizes, strides))
    return refuse (machine, _("has a tensor that does not fit its bytes"));
  value = push (machine, TENSOR);
  if (value != NULL)
    value->view = g_steal_pointer (&view);
  return value != NULL;
}

/* A call of one of the few functions that there are, with what they are given on the top. */
static gboolean
call (Machine *machine)
{
  Value *arguments = peek (machine, 0), *function = arguments != NULL ? peek (machine, 1) : NULL;
  const Value *parameter;

  if (function == NULL)
    return FALSE;
  if (function->kind != GLOBAL || arguments->kind != SEQUENCE)
    return refuse_form (machine);
  drop (machine, 2);
  switch (function->global->role)
    {
    case ORDERED_DICT:
      return arguments->items == NULL ? push (machine, DICT) != NULL : refuse_form (machine);
    case REBUILD_TENSOR:
      return push_tensor (machine, arguments);
    case REBUILD_PARAMETER:
      parameter = item (arguments, 0, TENSOR);
      return parameter != NULL ? push_old (machine, (Value *) parameter) : refuse_form (machine);
    case STORAGE_TYPE:
      break;
    }
  return refuse_form (machine);
}

/* What an object has besides: of a dictionary of weights its versions, of which nothing is needed. */
static gboolean
build (Machine *machine)
{
  const Value *state = peek (machine, 0), *object = state != NULL ? peek (machine, 1) : NULL;

  if (object == NULL)
    return FALSE;
  if (object->kind != DICT)
    return refuse_form (machine);
  drop (machine, 1);
  return TRUE;
}

/* ---- the machine ----------------------------------------------------------------------------------------- */

static gboolean
step (Machine *machine, guint8 opcode)
{
  g_autofree char *why = NULL;
  guint64 n;
  guint   count;

  switch (opcode)
    {
    case 0x80: /* PROTO */
      return next_bytes (machine, 1) != NULL;
    case 0x95: /* FRAME */
      return next_bytes (machine, 8) != NULL;
    case '(':
      g_array_append_val (machine->marks, machine->stack->len);
      return TRUE;
    case 'N':
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
      return push (machine, NOTHING) != NULL;
    case 'G': /* BINFLOAT */
      return next_bytes (machine, 8) != NULL && push (machine, NOTHING) != NULL;
    case 'K':
      return next_number (machine, 1, &n) && push_number (machine, n);
    case 'M':
      return next_number (machine, 2, &n) && push_number (machine, n);
    case 'J':
      return next_number (machine, 4, &n) && push_number (machine, (gint32) n);
    case 0x8a: /* LONG1 */
      return push_long (machine, 1);
    case 0x8b: /* LONG4 */
      return push_long (machine, 4);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
      return push_text (machine, 4);
    case 0x8c: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING */
      return push_text (machine, 1);
    case ')':
      return push_tuple (machine, 0);
    case 0x85: /* TUPLE1 */
      return push_tuple (machine, 1);
    case 0x86: /* TUPLE2 */
      return push_tuple (machine, 2);
    case 0x87: /* TUPLE3 */
      return push_tuple (machine, 3);
    case 't':
      return pop_mark (machine, &count) && push_tuple (machine, count);
    case ']':
      return push (machine, SEQUENCE) != NULL;
    case '}':
      return push (machine, DICT) != NULL;
    case 'a':
      return append (machine, SEQUENCE, 1);
    case 'e':
      return pop_mark (machine, &count) && append (machine, SEQUENCE, count);
    case 's':
      return append (machine, DICT, 2);
    case 'u':
      return pop_mark (machine, &count) && append (machine, DICT, count);
    case 'q':
      return next_number (machine, 1, &n) && remember (machine, n);
    case 'r':
      return next_number (machine, 4, &n) && remember (machine, n);
    case 0x94: /* MEMOIZE */
      return remember (machine, g_hash_table_size (machine->memo));
    case 'h':
      return next_number (machine, 1, &n) && recall (machine, n);
    case 'j':
      return next_number (machine, 4, &n) && recall (machine, n);
    case 'c':
      return push_named (machine);
    case 0x93: /* STACK_GLOBAL */
      return push_stacked (machine);
    case 'Q': /* BINPERSID */
      return push_storage (machine);
    case 'R':
      return call (machine);
    case 'b':
      return build (machine);
    default:
      why = g_strdup_printf (_("has the instruction 0x%02x, which no weights need, so that nothing of it is run"), opcode);
      return refuse (machine, why);
    }
}

/* To the pickle's end; the dictionary that it makes, NULL: it made none. */
static const Value *
run (Machine *machine)
{
  const Value *made;

  while (machine->at < machine->end)
    {
      guint8 opcode = *machine->at++;

      if (opcode == '.')
        {
          made = peek (machine, 0);
          if (made != NULL && made->kind != DICT)
            refuse_form (machine);
          return made != NULL && made->kind == DICT ? made : NULL;
        }
      if (! step (machine, opcode))
        return NULL;
    }
  refuse (machine, _("is cut short"));
  return NULL;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

static gboolean
is_contiguous (const View *view)
{
  gsize expected = 1;

  for (int i = view->n_dims - 1; i >= 0; i--)
    {
      if (view->dims[i] != 1 && view->strides[i] != expected)
        return FALSE;
      expected *= view->dims[i];
    }
  return TRUE;
}

static gboolean
add_entry (Machine *machine, const Value *key, const View *view)
{
  g_autofree char *name = key->kind == TEXT ? g_strndup (key->text.at, key->text.size) : NULL;
  UnclipEntry     *entry;
  gsize            size;

  if (name == NULL || *name == '\0' || strlen (name) != key->text.size || ! g_utf8_validate (name, -1, NULL)
      || g_hash_table_contains (machine->file->by_name, name)
      || ! g_size_checked_mul (&size, view->n, unclip_dtype_size (view->storage.dtype)))
    return refuse_form (machine);
  entry = unclip_entry_new (name, view->storage.dtype, view->n_dims, view->dims);
  entry->offset = view->storage.offset + view->first * unclip_dtype_size (entry->dtype);
  if (view->n > 0 && ! is_contiguous (view))
    entry->strides = g_memdup2 (view->strides, view->n_dims * sizeof *view->strides);
  g_ptr_array_add (machine->file->entries, entry);
  g_hash_table_insert (machine->file->by_name, entry->name, entry);
  return TRUE;
}

static gboolean
add_entries (Machine *machine, const Value *dict)
{
  guint n = dict->items != NULL ? dict->items->len : 0;

  for (guint i = 0; i < n; i += 2)
    {
      const Value *value = g_ptr_array_index (dict->items, i + 1);

      /* A number beside the tensors is nobody's. */
      if (value->kind == TENSOR && ! add_entry (machine, g_ptr_array_index (dict->items, i), value->view))
        return FALSE;
    }
  return machine->file->entries->len > 0 ? TRUE : refuse (machine, _("has no tensors"));
}

/* The member FOLDER/data.pkl, of which there is one. */
static const UnclipZipMember *
find_pickle (Machine *machine)
{
  const UnclipZipMember *pickle = NULL;
  GHashTableIter iter;
  gpointer       name, member;

  g_hash_table_iter_init (&iter, machine->members);
  while (g_hash_table_iter_next (&iter, &name, &member))
    if (g_str_has_suffix (name, "/data.pkl") && strchr (name, '/') == strrchr (name, '/'))
      {
        if (pickle != NULL)
          return NULL;
        pickle = member;
      }
  if (pickle != NULL)
    machine->folder = g_strndup (pickle->name, strlen (pickle->name) - strlen ("data.pkl"));
  return pickle;
}

/* Files of big-endian machines say so. */
static gboolean
is_little_endian (const Machine *machine, const char *contents)
{
  g_autofree char *name = g_strconcat (machine->folder, "byteorder", NULL);
  const UnclipZipMember *member = g_hash_table_lookup (machine->members, name);

  return member == NULL || (member->size == 6 && memcmp (contents + member->offset, "little", 6) == 0);
}

static gboolean
read_pickle (Machine *machine, const char *contents)
{
  const UnclipZipMember *pickle = find_pickle (machine);
  g_autofree guint8     *copy = NULL;
  const Value *dict;

  if (pickle == NULL || pickle->size > MAX_PICKLE)
    return refuse_form (machine);
  if (! is_little_endian (machine, contents))
    return refuse (machine, _("is of a machine with another order of bytes"));
  /* The map may be cut while it is looked at. */
  copy = g_try_malloc (pickle->size + 1);
  if (copy == NULL)
    {
      g_set_error (machine->error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory to read %s"), machine->file->path);
      return FALSE;
    }
  memcpy (copy, contents + pickle->offset, pickle->size);
  machine->at = copy;
  machine->end = copy + pickle->size;
  machine->n_most = pickle->size / BYTES_PER_VALUE + FREE_VALUES;
  dict = run (machine);
  return dict != NULL && add_entries (machine, dict);
}

gboolean
unclip_torch_read (UnclipContainer *file, GError **error)
{
  const char *contents = g_mapped_file_get_contents (file->map);
  Machine     machine = { .file = file, .error = error };
  gboolean    is_read;

  machine.members = unclip_zip_members (contents, g_mapped_file_get_length (file->map), file->path, error);
  if (machine.members == NULL)
    return FALSE;
  machine.values = g_ptr_array_new_with_free_func ((GDestroyNotify) value_free);
  machine.stack = g_ptr_array_new ();
  machine.marks = g_array_new (FALSE, FALSE, sizeof (guint));
  machine.memo = g_hash_table_new (NULL, NULL);
  is_read = read_pickle (&machine, contents);
  g_hash_table_unref (machine.memo);
  g_array_unref (machine.marks);
  g_ptr_array_unref (machine.stack);
  g_ptr_array_unref (machine.values);
  g_hash_table_unref (machine.members);
  g_free (machine.folder);
  return is_read;
}
