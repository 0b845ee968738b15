import { problem } from '#platform/errors';
import type { Catalog, CatalogData } from './model.ts';

/** Adds the questions to the data; each is a map look-up. */
export function withQuestions(data: CatalogData): Catalog {
  const children = new Map<string, string[]>();
  for (const category of data.categoryById.values()) {
    if (category.parentId === null) continue;
    const siblings = children.get(category.parentId);
    if (siblings) siblings.push(category.id);
    else children.set(category.parentId, [category.id]);
  }
  const below = (id: string): string[] =>
    (children.get(id) ?? []).flatMap((child) => [child, ...below(child)]);
  return {
    ...data,
    manualId: data.manual?.id ?? null,
    category: (id) => data.categoryById.get(id) ?? null,
    categoriesBelow: below,
    condition: (id) => data.conditionById.get(id) ?? null,
    source: (code) => data.sources.get(code) ?? null,
    stageLimit: (code) => data.stageLimits.get(code) ?? null,
    calendar(code) {
      const calendar = data.calendars.get(code);
      if (!calendar) throw problem('config.noCalendar', { code });
      return calendar;
    },
    setting<T extends string | number | boolean>(key: string, fallback: T): T {
      const value: unknown = Object.hasOwn(data.settings, key)
        ? data.settings[key as keyof typeof data.settings]
        : data.settings.other.get(key);
      return typeof value === typeof fallback ? (value as T) : fallback;
    },
  };
}
