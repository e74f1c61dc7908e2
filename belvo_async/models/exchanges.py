"""Exchanges, from Belvo's schema: `make models` writes this."""

import datetime as dt
from decimal import Decimal

from attrs import frozen

from belvo_async.models._data_model import DataModel, show_ids_only
from belvo_async.models._enums import OpenEnum

__all__ = [
    "CurrencyExchange",
    "CurrencyExchangeEvent",
    "CurrencyExchangeOperationType",
    "CurrencyExchangeSettlementMethod",
]


class CurrencyExchangeOperationType(OpenEnum):
    """Values of `CurrencyExchange.operation_type`."""

    COMPRA = "COMPRA"
    VENDA = "VENDA"


class CurrencyExchangeSettlementMethod(OpenEnum):
    """Values of `CurrencyExchange.settlement_method`."""

    CONTA_DEPOSITO_MOEDA_ESTRANGEIRA_PAIS = "CONTA_DEPOSITO_MOEDA_ESTRANGEIRA_PAIS"
    CONTA_DEPOSITO_OU_PAGAMENTO_EXPORTADOR_INSTITUICAO_EXTERIOR = (
        "CONTA_DEPOSITO_OU_PAGAMENTO_EXPORTADOR_INSTITUICAO_EXTERIOR"
    )
    ESPECIE_CHEQUES_VIAGEM = "ESPECIE_CHEQUES_VIAGEM"
    CARTAO_PREPAGO = "CARTAO_PREPAGO"
    TELETRANSMISSAO = "TELETRANSMISSAO"
    SEM_MOVIMENTACAO_VALORES = "SEM_MOVIMENTACAO_VALORES"
    DEMAIS = "DEMAIS"
    CARTA_CREDITO_A_VISTA = "CARTA_CREDITO_A_VISTA"
    CARTA_CREDITO_A_PRAZO = "CARTA_CREDITO_A_PRAZO"
    CONTA_DEPOSITO = "CONTA_DEPOSITO"
    CHEQUE = "CHEQUE"
    TITULOS_VALORES = "TITULOS_VALORES"
    SIMBOLICA = "SIMBOLICA"
    CONTA_DEPOSITO_EXPORTADOR_MANTIDA_NO_EXTERIOR = "CONTA_DEPOSITO_EXPORTADOR_MANTIDA_NO_EXTERIOR"
    CONVENIO_PAGAMENTOS_E_CREDITOS_RECIPROCOS = "CONVENIO_PAGAMENTOS_E_CREDITOS_RECIPROCOS"
    OUTRO_NAO_MAPEADO_OFB = "OUTRO_NAO_MAPEADO_OFB"


@frozen(kw_only=True, field_transformer=show_ids_only)
class CurrencyExchange(DataModel):
    """A row of `/api/br/exchanges/`."""

    id: str | None = None
    link: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    operation_identifier: str | None = None
    operation_number: str | None = None
    operation_type: CurrencyExchangeOperationType | None = None
    operation_requested_at: dt.datetime | None = None
    authorized_institution_identifier: int | None = None
    authorized_institution_name: str | None = None
    intermediary_institution_identifier: int | None = None
    intermediary_institution_name: str | None = None
    operation_due_date: dt.date | None = None
    local_operation_tax_amount: Decimal | None = None
    local_operation_tax_currency: str | None = None
    local_operation_value_amount: Decimal | None = None
    local_operation_value_currency: str | None = None
    foreign_operation_value_amount: Decimal | None = None
    foreign_operation_value_currency: str | None = None
    operation_outstanding_balance_amount: Decimal | None = None
    operation_outstanding_balance_currency: str | None = None
    tev_amount_amount: Decimal | None = None
    tev_amount_currency: str | None = None
    local_currency_advance_percentage: Decimal | None = None
    settlement_method: CurrencyExchangeSettlementMethod | None = None
    operation_category_code: str | None = None


@frozen(kw_only=True, field_transformer=show_ids_only)
class CurrencyExchangeEvent(DataModel):
    """A row of `/api/br/exchanges/{id}/history/`."""

    id: str | None = None
    link: str | None = None
    exchange_id: str | None = None
    created_at: dt.datetime | None = None
    collected_at: dt.datetime | None = None
    operation_identifier: str | None = None
    event_sequence_number: str | None = None
    event_type: int | None = None
    event_created_at: dt.datetime | None = None
    operation_due_date: dt.date | None = None
    local_operation_tax_amount: Decimal | None = None
    local_operation_tax_currency: str | None = None
    local_operation_value_amount: Decimal | None = None
    local_operation_value_currency: str | None = None
    foreign_operation_value_amount: Decimal | None = None
    foreign_operation_value_currency: str | None = None
    operation_outstanding_balance_amount: Decimal | None = None
    operation_outstanding_balance_currency: str | None = None
    tev_amount_amount: Decimal | None = None
    tev_amount_currency: str | None = None
    local_currency_advance_percentage: Decimal | None = None
    settlement_method: CurrencyExchangeSettlementMethod | None = None
    operation_category_code: str | None = None
    foreign_partie_relationship_code: str | None = None
    foreign_partie_name: str | None = None
    foreign_partie_country_code: str | None = None
