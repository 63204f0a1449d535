//! What reqwest alone takes: `raw_get URL TOKEN COUNT` prints the mean time of a GET on a kept connection, in seconds.

use std::time::Instant;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, token, count] = arguments.as_slice() else {
        return Err("usage: raw_get URL TOKEN COUNT".into());
    };
    let count: u32 = count.parse()?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).tcp_nodelay(true).build()?;
    let get = || async {
        let answer = client.get(url).bearer_auth(token).header("accept", "application/json").send().await?;
        answer.error_for_status()?.bytes().await
    };
    for _ in 0..20 {
        get().await?;
    }
    let began = Instant::now();
    for _ in 0..count {
        get().await?;
    }
    println!("{}", began.elapsed().as_secs_f64() / f64::from(count));
    Ok(())
}
