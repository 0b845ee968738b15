import { theme, type ThemeConfig } from 'antd';
import { colours, fonts, size, type Mode } from '../shared/tokens.ts';

/** The kit wears our tokens; its own defaults fail contrast (placeholder 1.83:1). */
export function kitTheme(mode: Mode): ThemeConfig {
  const of = colours[mode];
  return {
    algorithm: mode === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      colorPrimary: of.primary,
      colorInfo: of.primary,
      colorLink: of.primaryInk,
      colorError: of.danger,
      colorText: of.ink,
      colorTextSecondary: of.secondary,
      colorTextTertiary: of.secondary,
      colorTextDescription: of.secondary,
      colorTextPlaceholder: of.placeholder,
      colorBorder: of.lineStrong,
      colorBorderSecondary: of.line,
      colorBgLayout: of.ground,
      colorBgContainer: of.surface,
      colorBgElevated: of.surface,
      borderRadius: size.radius,
      fontSize: size.font,
      fontFamily: fonts,
      controlHeight: 32,
      motionDurationFast: '0.08s',
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
      wireframe: false,
    },
    components: {
      Button: {
        primaryShadow: 'none',
        defaultShadow: 'none',
        dangerShadow: 'none',
        // The kit's own hover is lighter, and its words no longer read.
        colorPrimaryHover: of.primaryHover,
        colorPrimaryActive: of.primaryHover,
        defaultHoverColor: of.primaryInk,
        defaultHoverBorderColor: of.primaryInk,
        defaultActiveColor: of.primaryInk,
        defaultActiveBorderColor: of.primaryInk,
        dangerColor: mode === 'dark' ? of.ground : of.onPrimary,
        contentFontSize: 14,
      },
      Select: { optionSelectedBg: of.primarySoft },
    },
  };
}
