/* Callbacks for sys.monitoring in C: one that does nothing, and some that count.
 *
 * The first is what any recorder pays before it does its work. The others know nothing of the
 * recorder, so that its event counts have something to be compared with. They run under the GIL. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

enum { KINDS = 16 };

static unsigned long long totals[KINDS], nameless[KINDS];
static PyObject *directories; /* A tuple: code whose file stands in one of these is counted. */

static PyObject *noop(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    Py_RETURN_NONE;
}

/* Whether a file name begins with one of the directories; -1 with an exception set. */
static int stands_inside(PyObject *name)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(directories); i++) {
        PyObject *directory = PyTuple_GET_ITEM(directories, i);
        Py_ssize_t inside = PyUnicode_Tailmatch(name, directory, 0, PY_SSIZE_T_MAX, -1);
        if (inside) {
            return (int)inside;
        }
    }
    return 0;
}

/* Code without a file, such as a dataclass's methods, belongs where the module of its globals does. */
static int module_inside(PyObject *globals)
{
    PyObject *name = globals ? PyDict_GetItemString(globals, "__name__") : NULL;
    PyObject *module = name ? PyDict_GetItem(PyImport_GetModuleDict(), name) : NULL;
    if (module == NULL || !PyModule_Check(module)) {
        return 0;
    }
    PyObject *file = PyDict_GetItemString(PyModule_GetDict(module), "__file__");
    return file != NULL && PyUnicode_Check(file) ? stands_inside(file) : 0;
}

static int is_nameless(PyCodeObject *code)
{
    PyObject *name = code->co_filename;
    return PyUnicode_GET_LENGTH(name) > 0 && PyUnicode_READ_CHAR(name, 0) == '<';
}

static int code_inside(PyCodeObject *code, PyObject *globals)
{
    return is_nameless(code) ? module_inside(globals) : stands_inside(code->co_filename);
}

static PyObject *count(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs < 1 || !PyCode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "not a monitoring event");
        return NULL;
    }
    int inside = code_inside((PyCodeObject *)args[0], PyEval_GetGlobals());
    if (inside < 0) {
        return NULL;
    }
    if (inside) {
        long i = PyLong_AsLong(self);
        totals[i]++;
        nameless[i] += is_nameless((PyCodeObject *)args[0]);
    }
    Py_RETURN_NONE;
}

/* JUMP: only one back to its own line is counted, for it is an iteration that has no LINE. */
static PyObject *count_jump(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 3 || !PyCode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "not a JUMP event");
        return NULL;
    }
    PyCodeObject *code = (PyCodeObject *)args[0];
    long from = PyLong_AsLong(args[1]), to = PyLong_AsLong(args[2]);
    if (to > from) {
        Py_RETURN_NONE;
    }
    int line = PyCode_Addr2Line(code, (int)to);
    if (line <= 0 || line != PyCode_Addr2Line(code, (int)from)) {
        Py_RETURN_NONE;
    }
    return count(self, args, 1);
}

/* inside(code, globals): whether events of this code are counted. */
static PyObject *inside(PyObject *self, PyObject *args)
{
    PyCodeObject *code;
    PyObject *globals;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!O!", &PyCode_Type, &code, &PyDict_Type, &globals)) {
        return NULL;
    }
    int found = code_inside(code, globals);
    return found < 0 ? NULL : PyBool_FromLong(found);
}

static PyMethodDef jump_def = {"count_jump", (PyCFunction)(void (*)(void))count_jump, METH_FASTCALL,
                               NULL};
static PyMethodDef count_def = {"count", (PyCFunction)(void (*)(void))count, METH_FASTCALL, NULL};

/* counters(directories, n): n callbacks, each with a total of its own; the last is for JUMP. */
static PyObject *counters(PyObject *self, PyObject *args)
{
    PyObject *where;
    Py_ssize_t n;
    (void)self;
    if (!PyArg_ParseTuple(args, "O!n", &PyTuple_Type, &where, &n)) {
        return NULL;
    }
    if (n < 0 || n > KINDS) {
        PyErr_SetString(PyExc_ValueError, "too many kinds of event");
        return NULL;
    }
    PyObject *out = PyTuple_New(n);
    if (out == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *index = PyLong_FromSsize_t(i);
        PyObject *callback = index ? PyCFunction_New(i == n - 1 ? &jump_def : &count_def, index) : NULL;
        Py_XDECREF(index);
        if (callback == NULL) {
            Py_DECREF(out);
            return NULL;
        }
        PyTuple_SET_ITEM(out, i, callback);
        totals[i] = nameless[i] = 0;
    }
    Py_XSETREF(directories, Py_NewRef(where));
    return out;
}

/* total(i): what the callback i has counted, and how much of it in code without a file. */
static PyObject *total(PyObject *self, PyObject *index)
{
    (void)self;
    long i = PyLong_AsLong(index);
    if (i < 0 || i >= KINDS) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_IndexError, "no such kind of event");
        }
        return NULL;
    }
    return Py_BuildValue("(KK)", totals[i], nameless[i]);
}

static PyMethodDef methods[] = {
    {"noop", (PyCFunction)(void (*)(void))noop, METH_FASTCALL, "Returns None at once."},
    {"counters", counters, METH_VARARGS, "Callbacks that count events of code in directories."},
    {"inside", inside, METH_VARARGS, "Whether events of some code are counted."},
    {"total", total, METH_O, "What a counting callback has counted."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_floor", .m_size = -1, .m_methods = methods,
};

PyMODINIT_FUNC PyInit__floor(void)
{
    return PyModule_Create(&module);
}
