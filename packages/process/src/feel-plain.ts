export { children, type FeelNode, literalOf } from './feel-tree.ts';
