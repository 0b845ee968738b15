import { FeelDate, FeelDateTime, type FeelDuration, FeelTime } from 'feelin';
import type { FunctionTable } from './feel-functions.ts';
import type { FeelNumber } from './feel-number.ts';
import {
  combine,
  dateFrom,
  dateOf,
  monthsBetween,
  parseDate,
  parseDateTime,
  parseDuration,
  parseTemporal,
  parseTime,
  timeFrom,
  timeOf,
} from './feel-temporal.ts';

const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

type Day = FeelDate | FeelDateTime;

export const temporalFunctions: FunctionTable = {
  date: [
    { parameters: ['from: string'], call: parseDate },
    { parameters: ['from: day'], call: dateOf },
    { parameters: ['year: number', 'month: number', 'day: number'], call: dateFrom },
  ],
  time: [
    { parameters: ['from: string'], call: parseTime },
    {
      parameters: ['from: any'],
      call: (from: unknown) => {
        if (from instanceof FeelDateTime) return timeOf(from);
        if (from instanceof FeelDate) return parseTime('00:00:00Z');
        return from instanceof FeelTime ? from : null;
      },
    },
    {
      parameters: ['hour: number', 'minute: number', 'second: number', 'offset: duration?'],
      call: (hour: FeelNumber, minute: FeelNumber, second: FeelNumber, offset?: FeelDuration | null) =>
        offset?.yearsMonths ? null : timeFrom(hour, minute, second, offset ?? null),
    },
  ],
  'date and time': [
    { parameters: ['from: string'], call: parseDateTime },
    { parameters: ['date: day', 'time: time'], call: (date: Day, time: FeelTime) => combine(date, time) },
    {
      parameters: ['from: day'],
      call: (from: Day) => (from instanceof FeelDateTime ? from : parseDateTime(from.iso)),
    },
  ],
  duration: [
    { parameters: ['from: string'], call: parseDuration },
    { parameters: ['from: duration'], call: (from: FeelDuration) => from },
  ],
  'years and months duration': [{ parameters: ['from: day', 'to: day'], call: monthsBetween }],
  '@': [{ parameters: ['string: string'], call: parseTemporal }],
  'day of year': [{ parameters: ['date: day'], call: (date: Day) => date.unwrap().dayOfYear }],
  'day of week': [{ parameters: ['date: day'], call: (date: Day) => weekdays[date.weekday - 1] }],
  'month of year': [{ parameters: ['date: day'], call: (date: Day) => months[date.month - 1] }],
  'week of year': [{ parameters: ['date: day'], call: (date: Day) => date.unwrap().weekOfYear }],
};
