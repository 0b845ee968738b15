/** Who acts in a request: a person through one post. Computed once per request by the sign-on. */
export interface Actor {
  readonly cityId: string;
  readonly personId: string;
  readonly postId: string;
  readonly unitId: string;
  /** Code of the role, which is also the lane of the process. */
  readonly role: string;
  readonly permissions: ReadonlySet<string>;
  readonly scope: Scope;
  readonly locale: string;
}

/**
 * How far a post sees: used both in SQL and for single rows, fail closed (an empty list sees nothing).
 * Region ids are those of the tree below the post's region, at the level a row stores.
 */
export type Scope =
  | { readonly kind: 'city' }
  | {
      readonly kind: 'region';
      readonly level: 'district' | 'street' | 'community';
      readonly regionIds: readonly string[];
    }
  | { readonly kind: 'unit'; readonly unitIds: readonly string[] }
  | {
      readonly kind: 'own';
      readonly postId: string;
      readonly unitId: string;
      readonly patrolGridIds: readonly string[];
    };
