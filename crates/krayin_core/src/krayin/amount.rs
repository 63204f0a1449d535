use std::fmt;

use serde::{Serialize, Serializer};

/// What a deal is worth: exact, with the four decimals that Krayin's column has, never negative, at most 99999999.9999.
///
/// It is written as a JSON number. So few digits are the same in every reader, whatever it reads numbers as.
///
/// ```
/// use krayin_core::krayin::Amount;
///
/// let amount = Amount::from_ten_thousandths(5_700).unwrap();
/// assert_eq!((amount.to_string(), serde_json::to_string(&amount).unwrap()), ("0.5700".to_owned(), "0.57".to_owned()));
/// assert_eq!(Amount::from_ten_thousandths(1_000_000_000_000), None);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// The largest one that Krayin's column holds.
    pub const LARGEST: Self = Self(999_999_999_999);

    /// An amount in ten-thousandths; `None` where Krayin's column does not hold it.
    pub fn from_ten_thousandths(count: u64) -> Option<Self> {
        Some(Self(count)).filter(|amount| *amount <= Self::LARGEST)
    }

    /// How many ten-thousandths it is.
    pub fn ten_thousandths(self) -> u64 {
        self.0
    }
}

/// With all four decimals, as Krayin shows it: `1000.5000`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}", self.0 / 10_000, self.0 % 10_000)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Both are whole numbers that a float holds exactly, so the quotient is the float nearest to the decimal, and
        // that is written with the decimal's own digits.
        serializer.serialize_f64(self.0 as f64 / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn is_written_with_its_own_digits() {
        let json = |count| serde_json::to_string(&Amount::from_ten_thousandths(count).unwrap()).unwrap();
        for (count, expected) in
            [(0, "0.0"), (1, "0.0001"), (5_700, "0.57"), (10_005_000, "1000.5"), (999_999_999_999, "99999999.9999")]
        {
            assert_eq!(json(count), expected);
        }
        for count in (0..999_999_999_999).step_by(7_654_321_987) {
            let shown = Amount::from_ten_thousandths(count).unwrap().to_string();
            assert_eq!(json(count).parse::<f64>().unwrap(), shown.parse::<f64>().unwrap());
            assert_eq!(format!("{:.4}", json(count).parse::<f64>().unwrap()), shown);
        }
        assert_eq!(Amount::from_ten_thousandths(1_000_000_000_000), None);
    }
}
