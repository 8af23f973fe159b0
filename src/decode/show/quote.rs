//! Bytes of a tracee's as a C string literal.

/// At most `limit` bytes in double quotes, `...` after them where there are more.
///
/// Only printable ASCII passes as it is, so that no control character or escape sequence of a program's
/// reaches a terminal. Everything else becomes the shortest C escape: a letter (`\n`) or octal digits,
/// three of them where a digit follows, as strace(1) writes it.
pub fn quote(bytes: &[u8], limit: usize) -> String {
    let shown = &bytes[..bytes.len().min(limit)];
    let mut out = String::with_capacity(shown.len() + 5);
    out.push('"');
    for (n, &byte) in shown.iter().enumerate() {
        push_escaped(&mut out, byte, shown.get(n + 1).copied());
    }
    out.push('"');
    if shown.len() < bytes.len() {
        out.push_str("...");
    }
    out
}

fn push_escaped(out: &mut String, byte: u8, next: Option<u8>) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\t' => b't',
        b'\n' => b'n',
        0x0B => b'v',
        0x0C => b'f',
        b'\r' => b'r',
        b' '..=b'~' => return out.push(char::from(byte)),
        _ => {
            let digit_follows = next.is_some_and(|b| b.is_ascii_digit());
            let octal = if digit_follows { format!("\\{byte:03o}") } else { format!("\\{byte:o}") };
            return out.push_str(&octal);
        }
    };
    out.push('\\');
    out.push(char::from(letter));
}
