/// Tenths of a retry that one call earns: ten calls pay for two.
const EARNED: u32 = 2;
const COST: u32 = 10;
/// Ten retries: what a burst of passing failures may take before calls must have earned more.
const MOST: u32 = 100;

/// What retries may cost a server: one that fails for everybody is not sent three times the load.
///
/// A token bucket. Calls earn, repeated attempts spend; when nothing is left, a failure goes to the caller at once.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    tenths: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { tenths: MOST }
    }
}

impl Budget {
    /// A call has begun.
    pub fn earn(&mut self) {
        self.tenths = (self.tenths + EARNED).min(MOST);
    }

    /// Whether a retry can be paid.
    pub fn can_spend(self) -> bool {
        self.tenths >= COST
    }

    /// A retry is made.
    pub fn spend(&mut self) {
        self.tenths = self.tenths.saturating_sub(COST);
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;

    #[test]
    fn ten_retries_then_one_in_five_calls() {
        let mut budget = Budget::default();
        let mut retries = 0;
        while budget.can_spend() {
            budget.spend();
            retries += 1;
        }
        assert_eq!(retries, 10);
        for _ in 0..100 {
            budget.earn();
            if budget.can_spend() {
                budget.spend();
                retries += 1;
            }
        }
        assert_eq!(retries, 30);
        (0..1_000_000).for_each(|_| budget.earn());
        assert_eq!((0..100).take_while(|_| budget.can_spend().then(|| budget.spend()).is_some()).count(), 10);
    }
}
