// What a run of sqlmap amounts to: nothing found, no fault, neither seen by sqlmap nor counted by the server itself.

/** What a server has answered, by its own /metrics. */
export function answersOf(text) {
  const answers = { requests: 0, faults: 0, faulty: [] };
  const line = /^wanmi_http_request_duration_seconds_count\{([^}]*)\} (\d+)/gm;
  for (const [, labels, count] of text.matchAll(line)) {
    const label = (name) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '?';
    answers.requests += Number(count);
    if (!label('status').startsWith('5')) continue;
    answers.faults += Number(count);
    answers.faulty.push(`${label('method')} ${label('route')}: ${count} × ${label('status')}`);
  }
  return answers;
}

/** Whether a run may be called clean, and each reason why not. Silence is none: a run that asked nothing fails. */
export function verdictOf({ results, answers, only }) {
  const reasons = results.flatMap(({ route, injectable, faults }) => [
    ...(injectable.length > 0 ? [`${route}: FOUND ${injectable.join('; ')}`] : []),
    ...(faults > 0 ? [`${route}: ${faults} answers of 5xx`] : []),
  ]);
  if (answers.faults > 0) reasons.push(...answers.faulty.map((one) => `the server counted ${one}`));
  if (results.length === 0) reasons.push(only ? `no route has ${only} in its name` : 'no route was tried');
  if (answers.requests === 0) reasons.push('the server counted no request: was it the one that was asked?');
  return { ok: reasons.length === 0, reasons };
}
