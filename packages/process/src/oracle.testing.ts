import { Engine } from 'bpmn-engine';
import { evaluate, type FeelContext, parseFeel } from './index.ts';

interface Waiting {
  readonly id: string;
  readonly type: string;
  getPostponed(): Waiting[];
  signal(): void;
}

/**
 * bpmn-engine runs the same drawings as an independent reader of the standard: after each answer the same tasks
 * must be open. Timers are taken out (they would really wait), conditions are named FEEL, so that it asks us what
 * they mean; it decides by itself what gateways and conditional flows make of the answers.
 */
export class Oracle {
  readonly #answers: Record<string, unknown> = {};
  readonly #vars: FeelContext;
  #execution: Awaited<ReturnType<Engine['execute']>> | undefined;
  readonly #engine: Engine;

  constructor(xml: string, vars: FeelContext) {
    this.#vars = vars;
    const source = xml
      .replaceAll(
        /<bpmn:boundaryEvent(?:(?!<\/bpmn:boundaryEvent>|messageEventDefinition)[\s\S])*?<\/bpmn:boundaryEvent>/g,
        '',
      )
      .replaceAll(/<bpmn:flowNodeRef>\w+(?:Warn|Overdue)<\/bpmn:flowNodeRef>/g, '')
      .replaceAll('<bpmn:conditionExpression ', '<bpmn:conditionExpression language="feel" ')
      .replaceAll(/<bpmndi:BPMNDiagram[\s\S]*<\/bpmndi:BPMNDiagram>/g, '');
    this.#engine = new Engine({
      source,
      scripts: {
        register: () => undefined,
        getScript: (_language: string, flow: { behaviour?: { conditionExpression?: { body: string } } }) => {
          const body = flow.behaviour?.conditionExpression?.body;
          if (body === undefined) return undefined;
          return {
            execute: (_scope: unknown, callback: (error: Error | null, taken: boolean) => void) => {
              callback(
                null,
                evaluate(parseFeel(body, 'expression'), { ...this.#vars, ...this.#answers }) === true,
              );
            },
          };
        },
      } as never,
    });
  }

  async open(): Promise<string[]> {
    this.#execution ??= await this.#engine.execute();
    return this.#waiting()
      .filter((activity) => activity.type === 'bpmn:UserTask')
      .map((activity) => activity.id)
      .toSorted();
  }

  answer(node: string, action: string): void {
    this.#answers['action'] = action;
    this.#signal(node);
  }

  /** What waits for a message has got it. */
  send(node: string): void {
    this.#signal(node);
  }

  #signal(node: string): void {
    const waiting = this.#waiting().find((activity) => activity.id === node);
    if (!waiting) throw new Error(`${node} does not wait`);
    waiting.signal();
  }

  /** What waits, in sub-processes too. */
  #waiting(): Waiting[] {
    const inside = (activities: readonly Waiting[], within = ''): Waiting[] =>
      activities
        .filter(({ id }) => id !== within)
        .flatMap((activity) =>
          activity.type === 'bpmn:SubProcess'
            ? [activity, ...inside(activity.getPostponed(), activity.id)]
            : [activity],
        );
    return inside(this.#execution!.getPostponed() as unknown as Waiting[]);
  }

  stop(): void {
    void this.#engine.stop();
  }
}
