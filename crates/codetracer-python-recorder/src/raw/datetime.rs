//! Dates, times and differences, as `Include/datetime.h` of CPython 3.12 and 3.13 lays them out.

use super::object::Obj;

impl<'a> Obj<'a> {
    fn field_byte(self, offset: usize) -> i64 {
        i64::from(self.read::<u8>(offset))
    }

    fn micros(self, offset: usize) -> i64 {
        (0..3).fold(0, |n, i| n << 8 | self.field_byte(offset + i))
    }

    fn zone(self, offset: usize) -> Option<Obj<'a>> {
        (self.read::<u8>(24) != 0)
            .then(|| self.field(offset))
            .flatten()
    }

    /// Year, month and day of a `date` or `datetime`.
    pub fn date_fields(self) -> [i64; 3] {
        let year = self.field_byte(25) << 8 | self.field_byte(26);
        [year, self.field_byte(27), self.field_byte(28)]
    }

    /// Hour, minute, second, microsecond, fold and time zone of a `datetime`.
    pub fn datetime_time(self) -> ([i64; 5], Option<Obj<'a>>) {
        let byte = |offset| self.field_byte(offset);
        let fields = [byte(29), byte(30), byte(31), self.micros(32), byte(35)];
        (fields, self.zone(40))
    }

    /// Hour, minute, second, microsecond, fold and time zone of a `time`.
    pub fn time_fields(self) -> ([i64; 5], Option<Obj<'a>>) {
        let byte = |offset| self.field_byte(offset);
        let fields = [byte(25), byte(26), byte(27), self.micros(28), byte(31)];
        (fields, self.zone(32))
    }

    /// Days, seconds and microseconds of a `timedelta`.
    pub fn delta_fields(self) -> [i64; 3] {
        [24, 28, 32].map(|offset| i64::from(self.read::<i32>(offset)))
    }

    /// Difference to UTC and name of a `timezone`.
    pub fn timezone_fields(self) -> (Option<Obj<'a>>, Option<Obj<'a>>) {
        (self.field(16), self.field(24))
    }
}
