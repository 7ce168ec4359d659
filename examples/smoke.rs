fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).unwrap();
        let dir = std::path::Path::new(&path).parent().unwrap().to_owned();
        let s = cutline::Scenario::parse(&path, &bytes, &|p| std::fs::read(dir.join(p)).map_err(|e| e.to_string()));
        match s {
            Err(ms) => {
                for m in ms {
                    println!("{path}:{m}")
                }
            }
            Ok(s) => {
                let plan = s.plan().clone();
                let o = cutline::scenario::run_traced(&s, &mut |t, n, f| {
                    if std::env::var("TRACE").is_ok() {
                        println!("{t}\t{n}\t{}", f.describe(&plan))
                    }
                });
                println!("{}", serde_json::to_string_pretty(&o).unwrap());
            }
        }
    }
}
