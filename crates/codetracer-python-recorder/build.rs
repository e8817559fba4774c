//! Passes the interpreter's version to the crate as `Py_3_13`-style cfgs, and lets test binaries find its library.

// A build script reads the environment that cargo gives it.
#[allow(clippy::disallowed_methods)]
fn main() {
    pyo3_build_config::use_pyo3_cfgs();
    // The linker of macOS must be told which names the interpreter brings, and where a framework is.
    pyo3_build_config::add_extension_module_link_args();
    pyo3_build_config::add_python_framework_link_args();
    println!("cargo:rerun-if-env-changed=PYO3_BUILD_EXTENSION_MODULE");
    // A wheel takes its symbols from the interpreter that loads it, and carries no path of the machine that built it.
    let wheel = std::env::var_os("PYO3_BUILD_EXTENSION_MODULE").is_some();
    if let (false, Some(dir)) = (wheel, pyo3_build_config::get().lib_dir()) {
        println!("cargo:rustc-link-arg=-Wl,-rpath,{dir}");
    }
}
