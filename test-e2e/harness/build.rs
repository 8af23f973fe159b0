//! Compiles the C programs once, and lays them and the product out where every user may execute them.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The programs of this run of the suite, in a directory that goes away with it.
pub struct Tools {
    /// The product.
    pub gatekeeper: PathBuf,
    /// Makes one named call after the other: static, without a libc.
    pub probe: PathBuf,
    /// The hostile programs: static, with a libc.
    pub hostile: PathBuf,
    /// Where they are.
    pub dir: PathBuf,
}

const PROBE: &[&str] = &[
    "-static",
    "-nostdlib",
    "-ffreestanding",
    "-fno-builtin",
    "-fno-stack-protector",
    "-no-pie",
    "-fno-pie",
];

static TOOLS: OnceLock<Tools> = OnceLock::new();

/// The programs, compiled and laid out at the first call.
pub fn tools() -> &'static Tools {
    TOOLS.get_or_init(|| {
        let built = compile();
        let dir = lay_out(&built);
        Tools {
            gatekeeper: dir.join("gatekeeper"),
            probe: dir.join("probe"),
            hostile: dir.join("hostile"),
            dir,
        }
    })
}

/// Compiles what is older than its sources; one process of the suite at a time does so.
fn compile() -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-programs");
    fs::create_dir_all(&dir).unwrap();
    let lock = File::create(dir.join("lock")).unwrap();
    assert_eq!(unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX) }, 0);

    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-e2e/hostile");
    let newest = newest_in(&sources).max(newest_in(&sources.join("../harness")));
    fs::write(dir.join("sysno.h"), numbers()).unwrap();
    let others: Vec<PathBuf> = fs::read_dir(&sources)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "probe"))
        .collect();
    let probe = [sources.join("probe.c")];
    gcc(&dir, "probe", PROBE, &probe, newest);
    gcc(&dir, "hostile", &["-static", "-pthread"], &others, newest);
    dir
}

/// Every call of the table by name, as a C header: the headers of the system may be older than the kernel.
fn numbers() -> String {
    // `iter` leaves out the last of the table.
    let rows: String = syscalls::Sysno::iter()
        .chain([syscalls::Sysno::file_setattr])
        .map(|sysno| format!("\t{{ \"{sysno}\", {} }},\n", sysno.id()))
        .collect();
    format!(
        "struct sysno {{\n\tconst char *name;\n\tlong nr;\n}};\n\nstatic const struct sysno sysnos[] = {{\n{rows}}};\n"
    )
}

fn newest_in(dir: &Path) -> SystemTime {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().modified().unwrap())
        .max()
        .unwrap()
}

fn gcc(dir: &Path, name: &str, flags: &[&str], sources: &[PathBuf], newest: SystemTime) {
    let target = dir.join(name);
    let built = fs::metadata(&target).and_then(|metadata| metadata.modified());
    if built.is_ok_and(|built| built > newest) {
        return;
    }
    let output = Command::new("gcc")
        .args(["-O1", "-Wall", "-Wextra", "-Werror", "-I"])
        .arg(dir)
        .args(flags)
        .arg("-o")
        .arg(&target)
        .args(sources)
        .output()
        .expect("gcc, which the tests need, cannot be executed");
    assert!(output.status.success(), "gcc {name}:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Copies with cp(1): a file this process had open for writing could not be executed while another test's child, forked
/// in that moment, still holds the descriptor.
fn lay_out(built: &Path) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("gatekeeper-e2e.{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    let copied = Command::new("cp")
        .arg("--")
        .arg(env!("CARGO_BIN_EXE_gatekeeper"))
        .args(["probe", "hostile"].map(|name| built.join(name)))
        .arg(&dir)
        .status()
        .unwrap();
    assert!(copied.success());
    for name in ["gatekeeper", "probe", "hostile"] {
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    unsafe { libc::atexit(remove) };
    dir
}

extern "C" fn remove() {
    if let Some(tools) = TOOLS.get() {
        let _ = fs::remove_dir_all(&tools.dir);
    }
}
