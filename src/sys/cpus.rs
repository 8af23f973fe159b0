//! Which processors the calling thread may run on: sched_setaffinity(2).

use std::io;

use super::check;

/// A set of processors.
#[derive(Clone, Copy)]
pub struct Cpus(libc::cpu_set_t);

impl std::fmt::Debug for Cpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Cpus {
    /// Those that the calling thread may run on.
    pub fn allowed() -> io::Result<Self> {
        // SAFETY: an all-zero set is the empty one.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        let size = size_of::<libc::cpu_set_t>();
        // SAFETY: the kernel fills in at most `size` bytes. It fails with EINVAL where a machine has more
        // processors than the set has room for.
        check(libc::c_long::from(unsafe { libc::sched_getaffinity(0, size, &raw mut set) }))?;
        Ok(Self(set))
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// The set of only the `index`th of them, counted round.
    pub fn only(&self, index: usize) -> Self {
        // SAFETY: an all-zero set is the empty one.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        if let Some(cpu) = self.iter().nth(index % self.count().max(1)) {
            // SAFETY: `cpu` is below the set's size.
            unsafe { libc::CPU_SET(cpu, &mut set) };
        }
        Self(set)
    }

    /// Keeps the calling thread on these processors.
    pub fn keep_thread(&self) -> io::Result<()> {
        let size = size_of::<libc::cpu_set_t>();
        // SAFETY: the kernel reads `size` bytes.
        check(libc::c_long::from(unsafe { libc::sched_setaffinity(0, size, &raw const self.0) }))?;
        Ok(())
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        // SAFETY: every number asked for is below the set's size.
        (0..libc::CPU_SETSIZE as usize).filter(|&cpu| unsafe { libc::CPU_ISSET(cpu, &self.0) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_where_it_is_put() {
        std::thread::spawn(|| {
            let all = Cpus::allowed().unwrap();
            for index in [0, 1, 1000] {
                let one = all.only(index);
                one.keep_thread().unwrap();
                let now: Vec<usize> = Cpus::allowed().unwrap().iter().collect();
                assert_eq!(now, one.iter().collect::<Vec<_>>());
                assert_eq!(now.len(), 1);
            }
            all.keep_thread().unwrap();
        })
        .join()
        .unwrap();
    }
}
