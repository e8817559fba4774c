/* Callbacks for sys.monitoring in C: one that does nothing, and some that count.
 *
 * The first is what any recorder pays before it does its work. The others know nothing of the
 * recorder, so that its event counts have something to be compared with. They run under the GIL. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

enum { KINDS = 16 };

static unsigned long long totals[KINDS];
static PyObject *directory; /* Code whose co_filename begins with this is counted. */

static PyObject *noop(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    (void)self;
    (void)args;
    (void)nargs;
    Py_RETURN_NONE;
}

static PyObject *count(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs < 1 || !PyCode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "not a monitoring event");
        return NULL;
    }
    PyObject *name = ((PyCodeObject *)args[0])->co_filename;
    Py_ssize_t inside = PyUnicode_Tailmatch(name, directory, 0, PY_SSIZE_T_MAX, -1);
    if (inside < 0) {
        return NULL;
    }
    if (inside) {
        totals[PyLong_AsLong(self)]++;
    }
    Py_RETURN_NONE;
}

static PyMethodDef count_def = {"count", (PyCFunction)(void (*)(void))count, METH_FASTCALL, NULL};

/* counters(directory, n): n callbacks, each with a total of its own. */
static PyObject *counters(PyObject *self, PyObject *args)
{
    PyObject *inside;
    Py_ssize_t n;
    (void)self;
    if (!PyArg_ParseTuple(args, "Un", &inside, &n)) {
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
        PyObject *callback = index ? PyCFunction_New(&count_def, index) : NULL;
        Py_XDECREF(index);
        if (callback == NULL) {
            Py_DECREF(out);
            return NULL;
        }
        PyTuple_SET_ITEM(out, i, callback);
        totals[i] = 0;
    }
    Py_XSETREF(directory, Py_NewRef(inside));
    return out;
}

/* total(i): what the callback i has counted. */
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
    return PyLong_FromUnsignedLongLong(totals[i]);
}

static PyMethodDef methods[] = {
    {"noop", (PyCFunction)(void (*)(void))noop, METH_FASTCALL, "Returns None at once."},
    {"counters", counters, METH_VARARGS, "Callbacks that count events of code in a directory."},
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
