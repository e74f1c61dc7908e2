"""Tax returns, from Belvo's schema: `make models` writes this."""

import datetime as dt
from collections.abc import Mapping

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only

__all__ = ["TaxReturn"]


@frozen(kw_only=True, field_transformer=show_ids_only)
class TaxReturn(DataModel):
    """A row of `/api/tax-returns/`."""

    id: str | None = None
    collected_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    informacion_general: Mapping[str, object] | None = None
    determinacion_isr: Mapping[str, object] | None = None
    detalle_pago_isr: Mapping[str, object] | None = None
    determinacion_iva: Mapping[str, object] | None = None
    detalle_pago_iva: Mapping[str, object] | None = None
    pdf: str | None = None
    receipt_pdf: str | None = None
    type: str | None = None
    datos_adicionales: Mapping[str, object] | None = None
    estado_resultados: Mapping[str, object] | None = None
    estado_posicion_financiera_balance: Mapping[str, object] | None = None
    conciliacion_entre_resultado_contable_fiscal: Mapping[str, object] | None = None
    deducciones_autorizadas: Mapping[str, object] | None = None
    cifras_cierre_ejercicio: Mapping[str, object] | None = None
    determinacion_del_impuesto_sobre_la_renta: Mapping[str, object] | None = None
    dividendos_o_utilidades_distribuidos: Mapping[str, object] | None = None
    detalle_pago_r1_isr_personas_morales: Mapping[str, object] | None = None
    ingressos: Mapping[str, object] | None = None
    determinacion: Mapping[str, object] | None = None
    isr: Mapping[str, object] | None = None
    iva: Mapping[str, object] | None = None
    link: str | None = None
    sueldos_salarios: Mapping[str, object] | None = None
    servicios_profesionales: Mapping[str, object] | None = None
    deducciones_personales: Mapping[str, object] | None = None
    determinacion_impuesto: Mapping[str, object] | None = None
    retenciones: Mapping[str, object] | None = None
    dividendos: Mapping[str, object] | None = None
    datos_informativos: Mapping[str, object] | None = None
