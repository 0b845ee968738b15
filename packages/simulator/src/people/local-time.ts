const QUARTER = 900_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const known = new Map<string, LocalTime>();

export interface LocalTime {
  /** 'YYYY-MM-DD' */
  day: string;
  /** 1 Monday … 7 Sunday */
  weekday: number;
  hour: number;
  /** '+08:00' */
  offset: string;
}

/** The city's wall clock. Zones change by quarters of an hour, so one answer holds for as long. */
export function localTime(ms: number, timeZone: string): LocalTime {
  const quarter = Math.floor(ms / QUARTER);
  const key = `${timeZone} ${quarter}`;
  let found = known.get(key);
  if (!found) {
    if (known.size > 5000) known.clear();
    known.set(key, (found = read(quarter * QUARTER, timeZone)));
  }
  return found;
}

/** ISO 8601 with the city's offset, to the second. */
export function localIso(ms: number, timeZone: string): string {
  const { offset } = localTime(ms, timeZone);
  const [hours, minutes] = offset.split(':').map(Number) as [number, number];
  const shift = (Math.abs(hours) * 60 + minutes) * (offset.startsWith('-') ? -60_000 : 60_000);
  return new Date(ms + shift).toISOString().slice(0, 19) + offset;
}

function read(ms: number, timeZone: string): LocalTime {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      weekday: 'short',
      timeZoneName: 'longOffset',
    });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return {
    day: `${part['year']}-${part['month']}-${part['day']}`,
    weekday: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(String(part['weekday'])) + 1,
    hour: Number(part['hour']),
    offset: /[+-]\d{2}:\d{2}/.exec(String(part['timeZoneName']))?.[0] ?? '+00:00',
  };
}
