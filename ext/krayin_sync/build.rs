//! Links the way that the Ruby it is built for wants it, on macOS above all.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    rb_sys_env::activate()?;
    Ok(())
}
