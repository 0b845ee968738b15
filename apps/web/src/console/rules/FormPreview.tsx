import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from 'antd';
import { SchemaForm } from '../../shared/form/SchemaForm.tsx';
import type { JsonSchema } from '../../shared/form/schema.ts';
import { widgets } from '../widgets/widgets.tsx';
import styles from './rules.module.css';

/** The form as the product draws it. It can be tried; nothing is sent, what would be is shown. */
export function FormPreview({ code, schema }: { code: string; schema: JsonSchema }) {
  const { t } = useTranslation('rules');
  const [sent, setSent] = useState<Record<string, unknown> | null>(null);
  return (
    <SchemaForm
      id="rules-preview"
      schema={schema}
      widgets={widgets}
      subject={{ action: code }}
      onSubmit={setSent}
      onChange={() => setSent(null)}
    >
      <p>
        <Button htmlType="submit">{t('form.try')}</Button>
      </p>
      {sent && (
        <pre className={styles.sent} role="status">
          {JSON.stringify(sent, null, 2)}
        </pre>
      )}
    </SchemaForm>
  );
}
