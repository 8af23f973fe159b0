//! A directory with an allowed and a secret part.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// `allowed_/ok.txt` ("fine\n"), `allowed_/x/y/` and `secret__/ok.txt` ("SECRET\n"), beside them `ok.txt` ("SECRET\n").
///
/// The names are such that the paths of the two files have one length. All of it belongs to everybody.
pub struct Place {
    dir: TempDir,
}

impl Place {
    /// A new one.
    pub fn new() -> Place {
        let dir = tempfile::Builder::new().prefix("gk").tempdir_in("/tmp").unwrap();
        let place = Place { dir };
        fs::create_dir_all(place.allowed("x/y")).unwrap();
        fs::create_dir(place.secret("")).unwrap();
        place.write("allowed_/ok.txt", "fine\n");
        place.write("secret__/ok.txt", "SECRET\n");
        place.write("ok.txt", "SECRET\n");
        for shared in ["", "allowed_", "allowed_/x", "allowed_/x/y", "secret__"] {
            place.share(shared);
        }
        place
    }

    /// A path in it.
    pub fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// A path in the allowed part.
    pub fn allowed(&self, path: &str) -> PathBuf {
        self.at("allowed_").join(path)
    }

    /// A path in the secret part.
    pub fn secret(&self, path: &str) -> PathBuf {
        self.at("secret__").join(path)
    }

    /// Its own path, as text.
    pub fn text(&self) -> String {
        self.dir.path().to_str().unwrap().to_owned()
    }

    /// Writes a file that everybody may write.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.at(path);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        path
    }

    /// Copies a program into it with cp(1), see `lay_out` in `build.rs` for the reason.
    pub fn program(&self, from: &Path, to: &str) -> PathBuf {
        let to = self.at(to);
        assert!(std::process::Command::new("cp").arg(from).arg(&to).status().unwrap().success());
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
        to
    }

    /// Makes a script executable without this process ever having it open.
    pub fn script(&self, path: &str, text: &str) -> PathBuf {
        let source = self.write(&format!("{path}.source"), text);
        self.program(&source, path)
    }

    /// Lets everybody do everything in a directory.
    pub fn share(&self, path: &str) {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(0o777)).unwrap();
    }

    /// `--allow-file-system-path=` with the allowed part.
    pub fn listed(&self) -> String {
        format!("--allow-file-system-path={}", self.allowed("").display())
            .trim_end_matches('/')
            .to_owned()
    }

    /// The inode number of the secret file.
    pub fn inode(&self) -> String {
        fs::metadata(self.secret("ok.txt")).unwrap().ino().to_string()
    }

    /// What a file holds.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap_or_else(|error| format!("({error})"))
    }

    /// Demands that the secrets are where and what they were, with the mode they had.
    #[track_caller]
    pub fn untouched(&self) {
        assert_eq!(self.read("secret__/ok.txt"), "SECRET\n");
        assert_eq!(self.read("ok.txt"), "SECRET\n");
        let mut names: Vec<_> = fs::read_dir(self.secret(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".sock"))
            .collect();
        names.sort();
        assert_eq!(names, ["ok.txt"]);
        let metadata = fs::metadata(self.secret("ok.txt")).unwrap();
        assert_eq!(metadata.mode() & 0o7777, 0o666);
        assert_eq!(metadata.nlink(), 1);
    }
}
