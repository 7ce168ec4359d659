//! JUnit XML, for the test pages of build servers.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Batch, complaints, printable};
use crate::scenario::outcome::{Ended, FileError, Judgement, Outcome};

/// One test case per file: those without an outcome are errors, those that nobody waited for are skipped.
/// It carries no time stamps and no durations, so that equal runs give equal bytes.
pub fn document(batch: &Batch<'_>) -> String {
    let mut suite = TestSuite::new("cutline");
    suite.add_test_cases(batch.outcomes.iter().map(case));
    suite.add_test_cases(batch.errors.iter().map(unread));
    suite.add_test_cases(batch.not_run.iter().map(|name| skipped(name)));
    let mut report = Report::new("cutline");
    report.add_test_suite(suite);
    report.to_string().expect("writing to memory does not fail")
}

fn case(outcome: &Outcome) -> TestCase {
    let mut case = TestCase::new(printable(&name(outcome)), status(outcome));
    case.set_classname("cutline");
    let properties = [
        ("scenario", printable(&outcome.scenario)),
        ("protocol", outcome.protocol.to_owned()),
        ("seed", outcome.seed.to_string()),
        ("digest", outcome.digest.clone()),
    ];
    case.add_properties(properties.map(|(name, value)| Property::new(name, value)));
    case
}

fn unread(error: &FileError) -> TestCase {
    let lines: Vec<String> = error.message.lines().map(printable).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_type("no outcome");
    status.set_message(lines.first().map_or("no outcome", String::as_str));
    status.set_description(lines.join("\n"));
    let mut case = TestCase::new(printable(&error.path), status);
    case.set_classname("cutline");
    case
}

fn skipped(name: &str) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message("interrupted before it was run");
    let mut case = TestCase::new(printable(name), status);
    case.set_classname("cutline");
    case
}

/// Build servers take cases of one name for one case, and copies of a file have one title.
fn name(outcome: &Outcome) -> String {
    let Outcome { scenario, title, .. } = outcome;
    if title.trim().is_empty() { scenario.clone() } else { format!("{scenario}: {title}") }
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    if outcome.verdict == Judgement::AsExpected {
        return TestCaseStatus::success();
    }
    let complaints = complaints(outcome);
    let (kind, word) = match outcome.ended {
        Ended::Interrupted => (NonSuccessKind::Error, "interrupted"),
        _ => (NonSuccessKind::Failure, "unexpected"),
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word);
    status.set_message(complaints.first().map_or("not as expected", String::as_str));
    status.set_description(complaints.join("\n"));
    status
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::report::sample;

    fn check(outcomes: &[Outcome], expected: Expect) {
        expected.assert_eq(&document(&Batch::of(outcomes)));
    }

    #[test]
    fn a_case_per_scenario_with_its_failures() {
        check(
            &[sample::as_expected(), sample::unexpected()],
            expect![[r#"
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuites name="cutline" tests="2" skipped="0" failures="1" errors="0">
                    <testsuite name="cutline" tests="2" skipped="0" errors="0" failures="1">
                        <testcase name="scenarios/aligned.json: Aligned barriers keep a count exactly-once" classname="cutline">
                            <properties>
                                <property name="scenario" value="scenarios/aligned.json"/>
                                <property name="protocol" value="aligned"/>
                                <property name="seed" value="7"/>
                                <property name="digest" value="0123456789abcdef"/>
                            </properties>
                        </testcase>
                        <testcase name="scenarios/lossy/at_least_once.json: Without alignment records show twice" classname="cutline">
                            <properties>
                                <property name="scenario" value="scenarios/lossy/at_least_once.json"/>
                                <property name="protocol" value="at_least_once"/>
                                <property name="seed" value="7"/>
                                <property name="digest" value="0123456789abcdef"/>
                            </properties>
                            <failure message="expected failovers = 1, found 2" type="unexpected">expected failovers = 1, found 2
                violated delivery: B#1 is not visible at out, nor in any transaction that could still be committed; expected every record at least once; found 0 effects (step 17001)</failure>
                        </testcase>
                    </testsuite>
                </testsuites>
            "#]],
        );
    }

    #[test]
    fn what_was_cut_is_an_error_and_what_was_not_run_is_skipped() {
        let cut = Outcome { ended: Ended::Interrupted, ..sample::unexpected() };
        let text = document(&Batch { not_run: &["b.json".to_owned()], ..Batch::of(&[sample::as_expected(), cut]) });
        assert!(text.contains(r#"tests="3" skipped="1" failures="0" errors="1""#), "{text}");
        assert!(
            text.contains(r#"type="interrupted">"#) && text.contains(r#"<skipped message="interrupted before it was run"/>"#),
            "{text}"
        );
    }

    #[test]
    fn a_file_without_an_outcome_is_an_error() {
        let errors = [FileError { path: "b.json".into(), message: "1:2: $: one\n3:4: $.x: \u{1b}two".into() }];
        expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="cutline" tests="1" skipped="0" failures="0" errors="1">
                <testsuite name="cutline" tests="1" skipped="0" errors="1" failures="0">
                    <testcase name="b.json" classname="cutline">
                        <error message="1:2: $: one" type="no outcome">1:2: $: one
            3:4: $.x: �two</error>
                    </testcase>
                </testsuite>
            </testsuites>
        "#]]
        .assert_eq(&document(&Batch { errors: &errors, ..Batch::default() }));
    }

    #[test]
    fn copies_of_a_file_have_names_of_their_own() {
        let named =
            |scenario: &str, title: &str| name(&Outcome { scenario: scenario.into(), title: title.into(), ..sample::as_expected() });
        assert_ne!(named("a/1.json", "the exercise"), named("b/1.json", "the exercise"));
        assert_eq!(named("a/1.json", " "), "a/1.json");
    }

    #[test]
    fn nothing_in_it_is_invalid_xml() {
        let odd = Outcome { title: "a < b & \"c\" \u{0}\u{1b}[31m\u{ffff}".into(), ..sample::as_expected() };
        check(
            &[odd],
            expect![[r#"
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites name="cutline" tests="1" skipped="0" failures="0" errors="0">
                <testsuite name="cutline" tests="1" skipped="0" errors="0" failures="0">
                    <testcase name="scenarios/aligned.json: a &lt; b &amp; &quot;c&quot; ��[31m�" classname="cutline">
                        <properties>
                            <property name="scenario" value="scenarios/aligned.json"/>
                            <property name="protocol" value="aligned"/>
                            <property name="seed" value="7"/>
                            <property name="digest" value="0123456789abcdef"/>
                        </properties>
                    </testcase>
                </testsuite>
            </testsuites>
        "#]],
        );
    }
}
