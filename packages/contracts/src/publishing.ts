import { z } from 'zod';
import { Id, Instant } from './common.ts';

/** 错误 stops a publication; 提示 is shown and stops nothing. */
export const RULE_SEVERITIES = ['error', 'warning'] as const;
export type RuleSeverity = (typeof RULE_SEVERITIES)[number];

/** One mistake in a rule set (规则集): which file, where in it, and a stable code. */
export const RuleProblem = z
  .object({
    file: z.string().meta({ description: 'path in the rule set, e.g. catalog/condition.csv' }),
    element: z.string().nullable().meta({
      description: 'element id of a drawing; `line` or `line/column` of a table; JSON pointer',
    }),
    code: z.string(),
    detail: z.string(),
    severity: z.enum(RULE_SEVERITIES),
  })
  .meta({ id: 'RuleProblem' });
export type RuleProblem = z.infer<typeof RuleProblem>;

/** 发布状态. `cancelled`: scheduled, and taken back before its day. */
export const PUBLICATION_STATES = ['scheduled', 'inForce', 'superseded', 'rolledBack', 'cancelled'] as const;
export type PublicationState = (typeof PUBLICATION_STATES)[number];

/** 发布: a whole rule set that was, is or will be in force. */
export const Publication = z
  .object({
    id: Id,
    version: z.int(),
    state: z.enum(PUBLICATION_STATES),
    reason: z.string(),
    effectiveAt: Instant,
    publishedAt: Instant,
    publishedBy: Id.nullable().meta({ description: 'post; null: by the program, when the city was set up' }),
    supersedes: Id.nullable(),
    restores: Id.nullable().meta({ description: 'the earlier publication that this one brings back' }),
    hash: z.string().meta({ description: 'SHA-256 over paths and texts, hexadecimal' }),
    files: z.int(),
    bytes: z.int().meta({ description: 'of the archive' }),
  })
  .meta({ id: 'Publication' });
export type Publication = z.infer<typeof Publication>;

export const RulePath = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\w.-]+(\/[\w.-]+)*$/)
  .meta({ description: 'path of a file in the rule set', examples: ['catalog/condition.csv'] });

export const RuleFileInfo = z
  .object({ path: z.string(), bytes: z.int(), hash: z.string() })
  .meta({ id: 'RuleFileInfo' });
export type RuleFileInfo = z.infer<typeof RuleFileInfo>;

export const RuleFile = RuleFileInfo.extend({ text: z.string() }).meta({ id: 'RuleFile' });
export type RuleFile = z.infer<typeof RuleFile>;

/** The rule set in force: of which publication, and its files. `publication` is null until the first one. */
export const RuleSetInfo = z
  .object({ publication: Publication.nullable(), files: z.array(RuleFileInfo) })
  .meta({ id: 'RuleSet' });
export type RuleSetInfo = z.infer<typeof RuleSetInfo>;

/** 草稿. */
export const RuleDraft = z
  .object({
    id: Id,
    name: z.string(),
    base: Id.nullable().meta({ description: 'the publication that it started from' }),
    author: Id.nullable(),
    version: z.int().meta({ description: 'rises with every change; also the ETag' }),
    createdAt: Instant,
    updatedAt: Instant,
    checkedVersion: z.int().nullable().meta({ description: 'the version that was checked last' }),
    problems: z.array(RuleProblem),
    files: z.array(RuleFileInfo),
  })
  .meta({ id: 'RuleDraft' });
export type RuleDraft = z.infer<typeof RuleDraft>;

export const RuleDraftItem = RuleDraft.omit({ files: true, problems: true })
  .extend({ errors: z.int().nullable(), warnings: z.int().nullable() })
  .meta({ id: 'RuleDraftItem' });
export type RuleDraftItem = z.infer<typeof RuleDraftItem>;

/** One row of a table, one line of a text. */
export const RuleChange = z
  .object({
    kind: z.enum(['added', 'removed', 'changed']),
    element: z
      .string()
      .meta({ description: 'key of the row, or line number (in the new text; removed: in the old)' }),
    before: z.string().nullable(),
    after: z.string().nullable(),
  })
  .meta({ id: 'RuleChange' });
export type RuleChange = z.infer<typeof RuleChange>;

export const RuleFileDiff = z
  .object({
    path: z.string(),
    kind: z.enum(['added', 'removed', 'changed']),
    changes: z.array(RuleChange),
    more: z.int().meta({ description: 'changes that are not listed' }),
  })
  .meta({ id: 'RuleFileDiff' });
export type RuleFileDiff = z.infer<typeof RuleFileDiff>;

export const RuleDiff = z.object({ files: z.array(RuleFileDiff) }).meta({ id: 'RuleDiff' });
export type RuleDiff = z.infer<typeof RuleDiff>;

export const NewRuleDraft = z.object({
  name: z.string().trim().min(1).max(100),
  from: Id.optional().meta({ description: 'a publication; left out: the rule set in force' }),
});

/** 8 MB: a table of tens of thousands of rows. */
export const MAX_RULE_FILE = 8 * 1024 * 1024;
export const PutRuleFile = z.object({
  text: z.string().max(MAX_RULE_FILE),
  version: z.int().optional().meta({ description: 'of the draft as it was read; or If-Match' }),
});

export const PublishRules = z.object({
  reason: z.string().trim().min(1).max(500),
  effectiveAt: Instant.optional().meta({ description: 'left out: now' }),
  version: z.int().optional().meta({ description: 'of the draft as it was read; or If-Match' }),
});

export const RollBackRules = z.object({ reason: z.string().trim().min(1).max(500) });

/** Who is right where both changed the same: the city as it has it, or the program as it ships it. */
export const UPGRADE_SIDES = ['city', 'program'] as const;
export type UpgradeSide = (typeof UPGRADE_SIDES)[number];

/** 冲突项: one row, key or element that the city and the program both changed, each in a way of its own. */
export const RuleUpgradeConflict = z
  .object({
    element: z.string().meta({
      description:
        'key of the row; JSON pointer (entries of a list by their id, code, key or name); id of the element, with `/@` and the attribute, `/shape` or `/edge` for its place in the picture, `/order` for the order of rules',
    }),
    base: z.string().nullable().meta({ description: 'as both began; null: it was not there' }),
    city: z.string().nullable().meta({ description: 'null: the city took it away' }),
    program: z.string().nullable().meta({ description: 'null: the program took it away' }),
  })
  .meta({ id: 'RuleUpgradeConflict' });
export type RuleUpgradeConflict = z.infer<typeof RuleUpgradeConflict>;

/**
 * What an upgrade of the program brings for a file. `offered`: the city never changed it, or other parts of it;
 * `conflict`: both changed the same, or what each of them did does not go together; `own`: only the city did; `same`:
 * nothing to do.
 */
export const UPGRADE_STATES = ['offered', 'conflict', 'own', 'same'] as const;
export const RuleUpgradeFile = z
  .object({
    path: z.string(),
    state: z.enum(UPGRADE_STATES),
    merges: z.boolean().meta({
      description:
        'both changed it, and their changes can be told apart: it may be merged, each conflict decided by itself',
    }),
    conflicts: z.array(RuleUpgradeConflict).meta({
      description: 'what both changed; of a file that cannot be merged, none: it is decided as a whole',
    }),
    problems: z.array(RuleProblem).meta({
      description:
        'mistakes that the rules would have with what is offered, and have not now; found by the check',
    }),
    /** From the city's text to the one that it has where it is taken. */
    diff: RuleFileDiff.nullable(),
    /** From what the city was set up with to its own text. */
    own: RuleFileDiff.nullable(),
  })
  .meta({ id: 'RuleUpgradeFile' });
export type RuleUpgradeFile = z.infer<typeof RuleUpgradeFile>;

export const RuleUpgrade = z
  .object({
    files: z.array(RuleUpgradeFile),
    problems: z.array(RuleProblem).meta({
      description: 'mistakes that all that is offered would make together in files that are not offered',
    }),
  })
  .meta({ id: 'RuleUpgrade' });
export type RuleUpgrade = z.infer<typeof RuleUpgrade>;

/** A file in which both changes are put together; every conflict of it is decided. */
export const MergeUpgrade = z
  .object({
    path: RulePath,
    sides: z
      .array(z.object({ element: z.string().min(1).max(2000), side: z.enum(UPGRADE_SIDES) }))
      .max(5000)
      .default([]),
  })
  .meta({ id: 'MergeUpgrade' });

export const TakeUpgrade = z
  .object({
    name: z.string().trim().min(1).max(100),
    take: z.array(RulePath).max(500).default([]).meta({
      description:
        'files taken over: what is offered as it is offered, what is in conflict as the program ships it',
    }),
    keep: z
      .array(RulePath)
      .max(500)
      .default([])
      .meta({ description: 'files that stay the city’s: not offered again' }),
    merge: z
      .array(MergeUpgrade)
      .max(500)
      .default([])
      .meta({ description: 'files in conflict in which each conflict is decided by itself' }),
  })
  .meta({ id: 'TakeUpgrade' });
