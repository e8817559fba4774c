//! Passes the interpreter's version to the crate as `Py_3_13`-style cfgs.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
