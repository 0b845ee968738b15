import { memo } from 'react';
import { isBackground, type Drawing, type Edge, type Shape } from './drawing.ts';
import styles from './picture.module.css';
import { wrap } from './wrap.ts';

const SIZE = 12;
const LINE = 15;

/** The drawing from its own coordinates. Which element a click means is said by `data-element`. */
export const Picture = memo(function Picture({
  drawing,
  selected,
  wrong,
}: {
  drawing: Drawing;
  selected: string | null;
  wrong: ReadonlySet<string>;
}) {
  const behind = drawing.shapes.filter(isBackground);
  const before = drawing.shapes.filter((shape) => !isBackground(shape));
  const state = (id: string) => ({
    'data-element': id,
    'data-selected': id === selected,
    'data-wrong': wrong.has(id),
  });
  return (
    <>
      {behind.map((shape) => (
        <g key={shape.id} className={styles.back} data-kind={shape.kind} {...state(shape.id)}>
          <Frame shape={shape} />
        </g>
      ))}
      {drawing.edges.map((edge) => (
        <g key={edge.id} className={styles.edge} data-kind={edge.kind} {...state(edge.id)}>
          <Line edge={edge} />
        </g>
      ))}
      {before.map((shape) => (
        <g key={shape.id} className={styles.node} data-kind={shape.kind} {...state(shape.id)}>
          <Node shape={shape} />
        </g>
      ))}
    </>
  );
});

function Frame({ shape: { kind, name, box, dashed } }: { shape: Shape }) {
  const pool = kind === 'participant' || kind === 'lane';
  return (
    <>
      <rect {...box} rx={pool ? 0 : 8} data-dashed={dashed} />
      {pool ? (
        <>
          <line x1={box.x + 30} y1={box.y} x2={box.x + 30} y2={box.y + box.height} />
          <text
            transform={`translate(${box.x + 15} ${box.y + box.height / 2}) rotate(-90)`}
            textAnchor="middle"
            dy="4"
          >
            {name}
          </text>
        </>
      ) : (
        <text x={box.x + 10} y={box.y + 18}>
          {name}
        </text>
      )}
    </>
  );
}

function Line({ edge: { name, points, label, standard } }: { edge: Edge }) {
  const path = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const [first, second] = points;
  const middle = points[Math.floor((points.length - 1) / 2)]!;
  const next = points[Math.floor((points.length - 1) / 2) + 1] ?? middle;
  const place = label
    ? { x: label.x + label.width / 2, y: label.y + 11 }
    : { x: (middle.x + next.x) / 2, y: (middle.y + next.y) / 2 - 5 };
  const words = label ? wrap(name, label.width, SIZE, 3) : name ? [name] : [];
  const angle = (Math.atan2(second!.y - first!.y, second!.x - first!.x) * 180) / Math.PI;
  return (
    <>
      <path d={path} className={styles.hit} />
      <path d={path} className={styles.line} markerEnd="url(#rules-arrow)" />
      {standard && (
        <line
          x1="6"
          y1="-5"
          x2="11"
          y2="5"
          className={styles.line}
          transform={`translate(${first!.x} ${first!.y}) rotate(${angle})`}
        />
      )}
      {words.map((line, index) => (
        <text key={index} x={place.x} y={place.y + index * (LINE - 1)} textAnchor="middle">
          {line}
        </text>
      ))}
    </>
  );
}

function Node({ shape }: { shape: Shape }) {
  if (shape.kind.endsWith('Event')) return <EventNode shape={shape} />;
  if (shape.kind.endsWith('Gateway')) return <GatewayNode shape={shape} />;
  return <Activity shape={shape} />;
}

function Activity({ shape: { kind, name, box, dashed, several } }: { shape: Shape }) {
  const lines = wrap(name, box.width - 16, SIZE, Math.max(1, Math.floor((box.height - 12) / LINE)));
  const top = box.y + box.height / 2 - ((lines.length - 1) * LINE) / 2 + 4;
  const centre = box.x + box.width / 2;
  const bottom = box.y + box.height;
  return (
    <>
      <rect {...box} rx="8" data-dashed={dashed} data-thick={kind === 'callActivity'} />
      {kind === 'userTask' && (
        <path
          className={styles.mark}
          d={`M${box.x + 7} ${box.y + 19}a6 6 0 0 1 12 0zM${box.x + 13} ${box.y + 5}a3 3 0 1 1 0 6 3 3 0 0 1 0-6z`}
        />
      )}
      {lines.map((line, index) => (
        <text key={index} x={centre} y={top + index * LINE} textAnchor="middle">
          {line}
        </text>
      ))}
      {(kind === 'subProcess' || kind === 'callActivity') && (
        <path
          className={styles.mark}
          d={`M${centre - 6} ${bottom - 14}h12v12h-12zM${centre} ${bottom - 12}v8M${centre - 4} ${bottom - 8}h8`}
        />
      )}
      {several && (
        <path
          className={styles.mark}
          d={
            several === 'parallel'
              ? `M${centre - 16} ${bottom - 12}v9m4-9v9m4-9v9`
              : `M${centre - 18} ${bottom - 12}h9m-9 4h9m-9 4h9`
          }
        />
      )}
    </>
  );
}

function EventNode({ shape: { kind, name, box, label, dashed, trigger } }: { shape: Shape }) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const r = box.width / 2;
  const between = kind === 'boundaryEvent' || kind.startsWith('intermediate');
  const words = label ? wrap(name, Math.max(label.width, 70), SIZE - 1, 3) : wrap(name, 80, SIZE - 1, 2);
  const below = label ? label.y + 11 : box.y + box.height + 13;
  return (
    <>
      <circle cx={x} cy={y} r={r} data-dashed={dashed} data-thick={kind === 'endEvent'} />
      {between && <circle cx={x} cy={y} r={r - 3} data-dashed={dashed} />}
      <g
        transform={`translate(${x} ${y}) scale(${r / 18})`}
        className={styles.mark}
        data-filled={kind === 'endEvent'}
      >
        {trigger === 'timer' && <path d="M0-9a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM0-6v6l4 2" />}
        {trigger === 'message' && <path d="M-9-6h18v12h-18zl9 7 9-7" />}
        {trigger === 'error' && <path d="M-8 8l4-14 6 8 6-10-4 14-6-8z" />}
        {trigger === 'terminate' && <circle r="10" data-solid />}
        {trigger === 'signal' && <path d="M0-9l9 15h-18z" />}
        {trigger === 'escalation' && <path d="M0-9l7 17-7-7-7 7z" />}
      </g>
      {words.map((line, index) => (
        <text
          key={index}
          x={label ? label.x + label.width / 2 : x}
          y={below + index * (LINE - 2)}
          textAnchor="middle"
          data-small
        >
          {line}
        </text>
      ))}
    </>
  );
}

function GatewayNode({ shape: { kind, name, box, label } }: { shape: Shape }) {
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const [w, h] = [box.width / 2, box.height / 2];
  const words = wrap(name, Math.max(label?.width ?? 0, 80), SIZE - 1, 2);
  const below = label ? label.y + 11 : box.y + box.height + 13;
  const mark: Readonly<Record<string, string>> = {
    exclusiveGateway: 'M-7-7l14 14M7-7l-14 14',
    parallelGateway: 'M-9 0h18M0-9v18',
    inclusiveGateway: 'M0-9a9 9 0 1 1 0 18 9 9 0 0 1 0-18z',
    eventBasedGateway: 'M0-10l9.5 7-3.6 11h-11.8l-3.6-11z',
  };
  return (
    <>
      <path d={`M${x} ${y - h}L${x + w} ${y}L${x} ${y + h}L${x - w} ${y}Z`} className={styles.diamond} />
      <path
        d={mark[kind] ?? ''}
        transform={`translate(${x} ${y}) scale(${w / 25})`}
        className={styles.mark}
        data-bold
      />
      {words.map((line, index) => (
        <text
          key={index}
          x={label ? label.x + label.width / 2 : x}
          y={below + index * (LINE - 2)}
          textAnchor="middle"
          data-small
        >
          {line}
        </text>
      ))}
    </>
  );
}
