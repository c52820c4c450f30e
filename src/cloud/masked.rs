//! Addresses as answers show them: enough for their owner to know which one is meant, nothing for anybody else.

/// `+*******0100`
pub(crate) fn phone(number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let hidden = digits.chars().count().saturating_sub(4);
    let shown = digits.chars().enumerate().map(|(place, digit)| if place < hidden { '*' } else { digit });
    std::iter::once('+').chain(shown).collect()
}

/// `a***@e***`
pub(crate) fn email(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    format!("{}***@{}***", first(local), first(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_four_digits_of_a_number_are_shown() {
        assert_eq!(phone("+12065550100"), "+*******0100");
    }

    #[test]
    fn only_the_first_letters_of_an_address_are_shown() {
        for (address, shown) in [("ann+pi@example.test", "a***@e***"), ("é@ü.test", "é***@ü***"), ("x", "x***@***")]
        {
            assert_eq!(email(address), shown);
        }
    }
}
