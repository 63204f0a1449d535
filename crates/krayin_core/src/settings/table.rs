use serde::{Serialize, Serializer, ser::SerializeStruct};
use serde_json::{Map, Value};

use super::{Kind, SettingsError};
use crate::problem::Problem;

/// Who says what a setting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// The administrator of an account, when Krayin is connected.
    Administrator,
    /// The set-up, which finds it in Krayin.
    SetUp,
    /// Whoever runs the installation, for all accounts; a hook's own value does not count.
    Installation,
}

/// The same in English, Portuguese and Spanish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Words {
    /// English.
    pub en: &'static str,
    /// Portuguese.
    pub pt: &'static str,
    /// Spanish.
    pub es: &'static str,
}

impl Words {
    pub(super) const NONE: Self = Self { en: "", pt: "", es: "" };
}

pub(super) const fn words(en: &'static str, pt: &'static str, es: &'static str) -> Words {
    Words { en, pt, es }
}

/// The same in all languages.
pub(super) const fn word(word: &'static str) -> Words {
    words(word, word, word)
}

/// A setting: everything that the form, the schema, the docs and the reader know of it.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key among a hook's settings.
    pub key: &'static str,
    /// What its value is, and how that is checked.
    pub kind: Kind,
    /// What holds without it.
    pub default: Words,
    /// Its label in the form; blank where the form does not ask for it.
    pub label: Words,
    /// What it means, in one sentence without a full stop.
    pub help: Words,
    /// Who says what it is.
    pub set_by: SetBy,
    /// Whether nothing works without it.
    pub required: bool,
    /// Whether the page of a connected Krayin shows it.
    pub shown: bool,
}

/// Beside its fields `must_be`, and `choices` where there are some: each word with what people call it.
impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("Setting", 10)?;
        row.serialize_field("key", self.key)?;
        row.serialize_field("kind", self.kind.name())?;
        row.serialize_field("must_be", &self.kind.must_be())?;
        row.serialize_field("choices", self.kind.choices())?;
        row.serialize_field("default", &self.default)?;
        row.serialize_field("label", &self.label)?;
        row.serialize_field("help", &self.help)?;
        row.serialize_field("set_by", &self.set_by)?;
        row.serialize_field("required", &self.required)?;
        row.serialize_field("shown", &self.shown)?;
        row.end()
    }
}

impl Setting {
    const fn new(key: &'static str, kind: Kind, set_by: SetBy) -> Self {
        Self {
            key,
            kind,
            default: Words::NONE,
            label: Words::NONE,
            help: Words::NONE,
            set_by,
            required: false,
            shown: false,
        }
    }

    const fn asked(key: &'static str, kind: Kind, label: Words) -> Self {
        Self { label, shown: true, ..Self::new(key, kind, SetBy::Administrator) }
    }

    const fn found(key: &'static str, kind: Kind) -> Self {
        Self::new(key, kind, SetBy::SetUp)
    }

    const fn help(self, help: Words) -> Self {
        Self { help, ..self }
    }

    const fn default(self, default: Words) -> Self {
        Self { default, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn shown(self, shown: bool) -> Self {
        Self { shown, ..self }
    }
}

const NO: Words = words("no", "não", "no");
const NOTHING: Words = words("none", "nenhum", "ninguno");
const STAGE: Words =
    words("A stage's name, code or id", "O nome, código ou id de uma etapa", "El nombre, código o id de una etapa");
const NAME_OR_ID: Words = words("Its name or id in Krayin", "O nome ou id no Krayin", "Su nombre o id en Krayin");
const ITS_NAME: Words = words("Its name", "O nome", "Su nombre");

/// All settings, in the order of the form.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    Setting::asked("api_url", Kind::Text, words("Krayin address", "Endereço do Krayin", "Dirección de Krayin"))
        .help(words(
            "The address of your Krayin, such as https://crm.example.com",
            "O endereço do seu Krayin, como https://crm.example.com",
            "La dirección de su Krayin, como https://crm.example.com",
        ))
        .required(),
    Setting::asked("api_token", Kind::Secret, words("API token", "Token da API", "Token de la API"))
        .help(words(
            "Of a Krayin user who sees all records; the budgets of several users add up, with spaces between their tokens",
            "De um usuário do Krayin que vê todos os registros; os limites de vários usuários se somam, com espaços entre os tokens",
            "De un usuario de Krayin que ve todos los registros; los límites de varios usuarios se suman, con espacios entre sus tokens",
        ))
        .required()
        .shown(false),
    Setting::asked("name", Kind::Text, words("Name", "Nome", "Nombre"))
        .help(words(
            "What this Krayin is called in lists and notices",
            "Como este Krayin se chama em listas e avisos",
            "Cómo se llama este Krayin en listas y avisos",
        ))
        .default(words("the address's host", "o host do endereço", "el host de la dirección")),
    Setting::asked("route_inboxes", Kind::Texts, words("For inboxes", "Para caixas de entrada", "Para bandejas de entrada"))
        .help(words(
            "Of several Krayins, which this is for: who has to do with one of these inboxes (names or ids, separated by commas), bears one of the labels, or is of one of the countries below; everybody where all three are empty",
            "De vários Krayins, para quem é este: quem tem a ver com uma destas caixas de entrada (nomes ou ids, separados por vírgulas), tem uma das etiquetas, ou é de um dos países abaixo; todos se os três estão vazios",
            "De varios Krayin, para quién es este: quien tiene que ver con una de estas bandejas de entrada (nombres o ids, separados por comas), lleva una de las etiquetas, o es de uno de los países de abajo; todos si los tres están vacíos",
        )),
    Setting::asked("route_labels", Kind::Texts, words("For labels", "Para etiquetas", "Para etiquetas"))
        .help(words(
            "Of the contact or of one of its conversations, separated by commas",
            "Do contato ou de uma de suas conversas, separadas por vírgulas",
            "Del contacto o de una de sus conversaciones, separadas por comas",
        )),
    Setting::asked("route_countries", Kind::Texts, words("For countries", "Para países", "Para países"))
        .help(words(
            "By their two letters, separated by commas; the contact's own, else its phone number's",
            "Pelas duas letras, separados por vírgulas; o do contato, senão o do telefone",
            "Por sus dos letras, separados por comas; el del contacto, si no el de su teléfono",
        )),
    Setting::asked("sync_conversations", Kind::Toggle, words("Sync conversations", "Sincronizar conversas", "Sincronizar conversaciones"))
        .help(words(
            "Each conversation becomes an activity of the contact's lead",
            "Cada conversa vira uma atividade do lead do contato",
            "Cada conversación pasa a ser una actividad del lead del contacto",
        ))
        .default(NO),
    Setting::asked("sync_messages", Kind::Toggle, words("Sync messages", "Sincronizar mensagens", "Sincronizar mensajes"))
        .help(words(
            "Each message becomes a note of the contact's person, at one request a message",
            "Cada mensagem vira uma nota da pessoa do contato, com uma requisição por mensagem",
            "Cada mensaje pasa a ser una nota de la persona del contacto, con una petición por mensaje",
        ))
        .default(NO),
    Setting::asked("sync_to_organization", Kind::Toggle, words("Sync companies", "Sincronizar empresas", "Sincronizar empresas"))
        .help(words(
            "The contact's company becomes an organization",
            "A empresa do contato vira uma organização",
            "La empresa del contacto pasa a ser una organización",
        ))
        .default(NO),
    Setting::asked("custom_attributes", Kind::Texts, words("Custom attributes to show", "Atributos personalizados a mostrar", "Atributos personalizados que se muestran"))
        .help(words(
            "Their keys, separated by commas; none where it was cleared",
            "As chaves, separadas por vírgulas; nenhum se foi esvaziado",
            "Sus claves, separadas por comas; ninguno si se vació",
        ))
        .default(words("all but those that look private", "todos, menos os que parecem privados", "todos salvo los que parecen privados")),
    Setting::asked("show_payment_numbers", Kind::Toggle, words("Show card numbers and IBANs", "Mostrar números de cartão e IBANs", "Mostrar números de tarjeta e IBAN"))
        .help(words(
            "Else all but their last four digits is hidden, in messages and values",
            "Senão, só os quatro últimos dígitos aparecem, em mensagens e valores",
            "Si no, solo se ven los cuatro últimos dígitos, en mensajes y valores",
        ))
        .default(NO),
    Setting::asked("field_mapping", Kind::Mapping, words("Attributes to fill", "Atributos a preencher", "Atributos que se rellenan"))
        .help(words(
            "Such as lead.plan = plan, person.vip = custom_attributes.vip: an attribute of Krayin's on the left, one of the contact's on the right; lead.description = website adds a line, and lead.plan <-> plan goes both ways",
            "Como lead.plan = plan, person.vip = custom_attributes.vip: à esquerda um atributo do Krayin, à direita um do contato; lead.description = website acrescenta uma linha, e lead.plan <-> plan vai nos dois sentidos",
            "Como lead.plan = plan, person.vip = custom_attributes.vip: a la izquierda un atributo de Krayin, a la derecha uno del contacto; lead.description = website añade una línea, y lead.plan <-> plan va en ambos sentidos",
        ))
        .default(NOTHING),
    Setting::asked("language", Kind::Language, words("Language of notices", "Idioma dos avisos", "Idioma de los avisos"))
        .help(words(
            "The language of reasons and notices",
            "O idioma dos motivos e avisos",
            "El idioma de los motivos y avisos",
        ))
        .default(words("the installation's", "o da instalação", "el de la instalación")),
    Setting::asked("lead_policy", Kind::OneOf(&[
            ("per_contact", words("Each contact", "Cada contato", "Cada contacto")),
            ("never", words("Nobody: contacts are persons with notes", "Ninguém: contatos são pessoas com notas", "Nadie: los contactos son personas con notas")),
            ("per_conversation", words("Each conversation", "Cada conversa", "Cada conversación")),
            ("on_label", words("Who bears a label, or whose conversation does", "Quem tem uma etiqueta, ou cuja conversa a tem", "Quien lleva una etiqueta, o cuya conversación la lleva")),
            ("by_inbox", words("Who writes to an inbox", "Quem escreve a uma caixa de entrada", "Quien escribe a una bandeja de entrada")),
        ]), words("Who gets a lead", "Quem recebe um lead", "Quién recibe un lead"))
        .help(words(
            "Whoever gets none is a person in Krayin all the same, with the conversations as notes",
            "Quem não recebe continua sendo uma pessoa no Krayin, com as conversas como notas",
            "Quien no lo recibe es igualmente una persona en Krayin, con las conversaciones como notas",
        ))
        .default(word("per_contact")),
    Setting::asked("lead_labels", Kind::Texts, words("Labels that make a lead", "Etiquetas que criam um lead", "Etiquetas que crean un lead"))
        .help(words(
            "Where a label makes a lead: its names, separated by commas; a macro may set one",
            "Onde uma etiqueta cria um lead: os nomes, separados por vírgulas; uma macro pode pôr uma",
            "Donde una etiqueta crea un lead: los nombres, separados por comas; una macro puede ponerla",
        ))
        .default(NOTHING),
    Setting::asked("lead_inboxes", Kind::Texts, words("Inboxes that make a lead", "Caixas de entrada que criam um lead", "Bandejas de entrada que crean un lead"))
        .help(words(
            "Where an inbox makes a lead: names or ids, separated by commas",
            "Onde uma caixa de entrada cria um lead: nomes ou ids, separados por vírgulas",
            "Donde una bandeja de entrada crea un lead: nombres o ids, separados por comas",
        ))
        .default(NOTHING),
    Setting::asked("owner_policy", Kind::OneOf(&[
            ("never", words("Krayin's owners stay as they are", "Os responsáveis do Krayin ficam como estão", "Los responsables de Krayin quedan como están")),
            ("set_if_none", words("Whoever a conversation is assigned to, where there is no owner yet", "A quem a conversa é atribuída, onde ainda não há responsável", "A quien se asigna la conversación, donde aún no hay responsable")),
            ("follow", words("Whoever a conversation is assigned to last; an owner chosen in Krayin stays", "A quem a conversa é atribuída por último; um responsável escolhido no Krayin fica", "A quien se asigna la conversación por último; un responsable elegido en Krayin se queda")),
        ]), words("Owner of persons and leads", "Responsável por pessoas e leads", "Responsable de personas y leads"))
        .help(words(
            "The Krayin user with the address of the agent in Chatwoot",
            "O usuário do Krayin com o endereço do agente no Chatwoot",
            "El usuario de Krayin con la dirección del agente en Chatwoot",
        ))
        .default(word("never")),
    Setting::asked("label_tags", Kind::OneOf(&[
            ("never", words("Labels stay in Chatwoot", "As etiquetas ficam no Chatwoot", "Las etiquetas se quedan en Chatwoot")),
            ("person", words("Tags of the person", "Tags da pessoa", "Etiquetas de la persona")),
            ("person_and_lead", words("Tags of the person and of the lead", "Tags da pessoa e do lead", "Etiquetas de la persona y del lead")),
        ]), words("Labels as tags", "Etiquetas como tags", "Etiquetas como tags"))
        .help(words(
            "The labels of a contact and of its conversations become tags in Krayin; those that are set or removed there stay so",
            "As etiquetas de um contato e de suas conversas viram tags no Krayin; as postas ou tiradas lá ficam assim",
            "Las etiquetas de un contacto y de sus conversaciones pasan a ser tags en Krayin; las que se ponen o quitan allí quedan así",
        ))
        .default(word("never")),
    Setting::asked("two_way", Kind::Toggle, words("Show the lead in Chatwoot", "Mostrar o lead no Chatwoot", "Mostrar el lead en Chatwoot"))
        .help(words(
            "The lead's stage, value, owner and more stand with the contact, as attributes that follow Krayin",
            "A etapa, o valor, o responsável e mais do lead ficam com o contato, como atributos que seguem o Krayin",
            "La etapa, el valor, el responsable y más del lead están con el contacto, como atributos que siguen a Krayin",
        ))
        .default(NO),
    Setting::asked("two_way_attributes", Kind::Texts, words("What of the lead is shown", "O que se mostra do lead", "Qué se muestra del lead"))
        .help(words(
            "Of stage, value, owner, pipeline, link, closing_date and lost_reason, separated by commas",
            "De stage, value, owner, pipeline, link, closing_date e lost_reason, separados por vírgulas",
            "De stage, value, owner, pipeline, link, closing_date y lost_reason, separados por comas",
        ))
        .default(words("all of them", "todos", "todos")),
    Setting::asked("two_way_writes", Kind::Texts, words("What agents may change of the lead", "O que os agentes podem mudar do lead", "Qué pueden cambiar los agentes del lead"))
        .help(words(
            "Of value, owner and closing_date, separated by commas, beside the stage and why it was lost",
            "De value, owner e closing_date, separados por vírgulas, além da etapa e do motivo da perda",
            "De value, owner y closing_date, separados por comas, además de la etapa y del motivo de la pérdida",
        ))
        .default(words("none of them", "nenhum deles", "ninguno de ellos")),
    Setting::asked("two_way_lines", Kind::Toggle, words("Say where a lead was moved", "Dizer para onde um lead foi movido", "Decir adónde se movió un lead"))
        .help(words(
            "A stage that changes in Krayin is told in the contact's conversation",
            "Uma etapa que muda no Krayin é dita na conversa do contato",
            "Una etapa que cambia en Krayin se dice en la conversación del contacto",
        ))
        .default(NO),
    Setting::asked("two_way_line_names", Kind::Toggle, words("Say who moved a lead", "Dizer quem moveu um lead", "Decir quién movió un lead"))
        .help(words(
            "Where two_way_lines is on; Krayin tells it by one request more for each move, and four a look are asked for at most",
            "Onde two_way_lines está ativado; o Krayin o diz por mais uma requisição para cada movimento, e por consulta se perguntam quatro no máximo",
            "Donde two_way_lines está activado; Krayin lo dice por una petición más por cada movimiento, y por consulta se preguntan cuatro como máximo",
        ))
        .default(NO),
    Setting::asked("two_way_workflow", Kind::OneOf(&[
            ("make", words("The set-up makes it", "A configuração o cria", "La configuración lo crea")),
            ("leave", words("Nothing is made in Krayin", "Nada é criado no Krayin", "No se crea nada en Krayin")),
        ]), words("The workflow that calls Chatwoot", "O workflow que chama o Chatwoot", "El workflow que llama a Chatwoot"))
        .help(words(
            "Krayin must reach Chatwoot's address: who saves a lead there waits for the call",
            "O Krayin precisa alcançar o endereço do Chatwoot: quem salva um lead lá espera pela chamada",
            "Krayin debe alcanzar la dirección de Chatwoot: quien guarda un lead allí espera la llamada",
        ))
        .default(word("make")),
    Setting::asked("two_way_contact", Kind::OneOf(&[
            ("never", words("Never", "Nunca", "Nunca")),
            ("fill_blanks", words("Where the contact has none", "Onde o contato não tem nada", "Donde el contacto no tiene nada")),
            ("follow", words("Always: the contact follows Krayin", "Sempre: o contato segue o Krayin", "Siempre: el contacto sigue a Krayin")),
        ]), words("Changes of the person into the contact", "Alterações da pessoa no contato", "Cambios de la persona en el contacto"))
        .help(words(
            "Whether a name, e-mail address, number or company that is changed in Krayin is changed with the contact, where two_way is on; what is taken away there stays here",
            "Se um nome, e-mail, número ou empresa alterado no Krayin é alterado no contato, onde two_way está ativado; o que se retira lá fica aqui",
            "Si un nombre, correo, número o empresa que se cambia en Krayin se cambia en el contacto, donde two_way está activado; lo que se quita allí se queda aquí",
        ))
        .default(word("never")),
    Setting::asked("two_way_tags", Kind::Toggle, words("Tags become labels", "Tags viram etiquetas", "Los tags pasan a ser etiquetas"))
        .help(words(
            "Where label_tags and two_way are on, a tag that is put on or taken off in Krayin puts the account's label of that name on the contact or takes it off",
            "Onde label_tags e two_way estão ativados, um tag que se põe ou tira no Krayin põe ou tira do contato a etiqueta da conta com esse nome",
            "Donde label_tags y two_way están activados, un tag que se pone o se quita en Krayin pone o quita del contacto la etiqueta de la cuenta con ese nombre",
        ))
        .default(NO),
    Setting::asked("time_zone", Kind::OneOf(&[
            ("utc", words("UTC", "UTC", "UTC")),
            ("krayin", words("Krayin's", "O do Krayin", "La de Krayin")),
            ("inbox", words("The inbox's", "O da caixa de entrada", "La de la bandeja de entrada")),
        ]), words("Time zone of texts", "Fuso horário dos textos", "Zona horaria de los textos"))
        .help(words(
            "On whose clock the times in notes are shown",
            "Em que fuso as notas mostram os horários",
            "En qué zona muestran las notas las horas",
        ))
        .default(word("utc")),
    Setting::asked("on_deleted_in_krayin", Kind::OneOf(&[
            ("respect", words("It stays deleted", "Fica excluído", "Queda eliminado")),
            ("make_again", words("The next event makes it again", "O próximo evento cria de novo", "El próximo evento lo crea de nuevo")),
        ]), words("What was deleted in Krayin", "O que foi excluído no Krayin", "Lo que se eliminó en Krayin"))
        .help(words(
            "What becomes of a record that a colleague deleted in Krayin",
            "O que acontece com um registro que alguém da equipe excluiu no Krayin",
            "Qué pasa con un registro que alguien del equipo eliminó en Krayin",
        ))
        .default(word("respect")),
    Setting::asked("on_closed", Kind::OneOf(&[
            ("note", words("What is said goes to the closed lead", "O que se diz vai para o lead fechado", "Lo que se dice va al lead cerrado")),
            ("new_lead", words("A new conversation gets a new lead", "Uma nova conversa recebe um novo lead", "Una conversación nueva recibe un lead nuevo")),
        ]), words("After a lead was won or lost", "Depois que um lead foi ganho ou perdido", "Después de ganar o perder un lead"))
        .help(words(
            "What becomes of what a won or lost lead's contact says next",
            "O que acontece com o que o contato de um lead ganho ou perdido diz depois",
            "Qué pasa con lo que dice después el contacto de un lead ganado o perdido",
        ))
        .default(word("note")),
    Setting::asked("on_yes_no", Kind::OneOf(&[
            ("carry", words("They are sent along", "São enviados junto", "Se envían también")),
            ("leave_out", words("Such a record is not written again", "Tal registro não é mais gravado", "Tal registro no se vuelve a guardar")),
            ("write_anyway", words("The record is written, they become no", "O registro é gravado, eles viram não", "El registro se guarda y pasan a no")),
        ]), words("Yes/no attributes in Krayin", "Atributos de sim/não no Krayin", "Atributos de sí/no en Krayin"))
        .help(words(
            "Krayin sets them to no where a write leaves them out",
            "O Krayin os muda para não quando uma gravação os omite",
            "Krayin los pone en no cuando no se envían al guardar",
        ))
        .default(word("carry")),
    Setting::asked("contacts_without_email_or_phone", Kind::OneOf(&[
            ("with_conversation", words("Once a contact of a messenger has a conversation", "Quando um contato de um mensageiro tem uma conversa", "Cuando un contacto de un servicio de mensajería tiene una conversación")),
            ("never", words("Not before there is one of them", "Só quando houver um deles", "Solo cuando haya uno de ellos")),
            ("always", words("Every contact, anonymous visitors too", "Todo contato, visitantes anônimos também", "Todo contacto, también visitantes anónimos")),
        ]), words("Contacts without e-mail address and number", "Contatos sem e-mail e telefone", "Contactos sin correo ni teléfono"))
        .help(words(
            "Whether contacts of Telegram, Instagram and the like become persons",
            "Se contatos do Telegram, Instagram e similares viram pessoas",
            "Si los contactos de Telegram, Instagram y similares pasan a ser personas",
        ))
        .default(word("with_conversation")),
    Setting::asked("stage_progression_enabled", Kind::Toggle, words("Move leads along", "Avançar leads", "Avanzar leads"))
        .help(words(
            "Leads go forward to the stages below, never back",
            "Os leads avançam para as etapas abaixo, nunca voltam",
            "Los leads avanzan a las etapas de abajo, nunca retroceden",
        ))
        .default(NO),
    Setting::asked("stage_on_conversation_created", Kind::Stage, words("Stage when a conversation begins", "Etapa quando uma conversa começa", "Etapa al empezar una conversación"))
        .help(STAGE)
        .default(NOTHING),
    Setting::asked("stage_on_first_response", Kind::Stage, words("Stage at the first reply", "Etapa na primeira resposta", "Etapa en la primera respuesta"))
        .help(STAGE)
        .default(NOTHING),
    Setting::asked("stage_on_conversation_resolved", Kind::Stage, words("Stage when a conversation is resolved", "Etapa quando uma conversa é resolvida", "Etapa al resolver una conversación"))
        .help(STAGE)
        .default(NOTHING),
    Setting::asked("stage_rules", Kind::StageRules, words("More rules for stages", "Mais regras de etapas", "Más reglas de etapas"))
        .help(words(
            "Such as label vip -> Negotiation; team sales -> Prospect; csat 1-2 -> lost because unhappy; reopened -> Follow Up, back",
            "Como label vip -> Negociação; team vendas -> Proposta; csat 1-2 -> lost because insatisfeito; reopened -> Acompanhamento, back",
            "Como label vip -> Negociación; team ventas -> Propuesta; csat 1-2 -> lost because descontento; reopened -> Seguimiento, back",
        ))
        .default(NOTHING),
    Setting::asked("lead_pipeline_id", Kind::Id, words("Pipeline of new leads", "Funil de novos leads", "Embudo de los leads nuevos"))
        .help(NAME_OR_ID)
        .default(words("the default one", "o padrão", "el predeterminado")),
    Setting::asked("lead_pipeline_stage_id", Kind::Id, words("Stage of new leads", "Etapa de novos leads", "Etapa de los leads nuevos"))
        .help(words("Its name, code or id in Krayin", "O nome, código ou id no Krayin", "Su nombre, código o id en Krayin"))
        .default(words("the pipeline's first", "a primeira do funil", "la primera del embudo")),
    Setting::asked("lead_source_id", Kind::Id, words("Source of new leads", "Origem de novos leads", "Origen de los leads nuevos"))
        .help(NAME_OR_ID)
        .default(words("the web's", "a da web", "el de la web")),
    Setting::asked("lead_sources", Kind::LeadSources, words("Sources by inbox and channel", "Origens por caixa de entrada e canal", "Orígenes por bandeja de entrada y canal"))
        .help(words(
            "Which source a new lead has, by its name in Krayin: inbox Web shop = Shop; channel WhatsApp = WhatsApp; the first that fits counts",
            "Que origem um novo lead tem, pelo nome no Krayin: inbox Loja = Loja; channel WhatsApp = WhatsApp; vale a primeira que se aplica",
            "Qué origen tiene un lead nuevo, por su nombre en Krayin: inbox Tienda = Tienda; channel WhatsApp = WhatsApp; vale el primero que se aplique",
        ))
        .default(NOTHING),
    Setting::asked("make_sources", Kind::Toggle, words("Make missing sources", "Criar origens que faltam", "Crear los orígenes que faltan"))
        .help(words(
            "A source of that list that Krayin does not have is made when the first lead needs it",
            "Uma origem dessa lista que o Krayin não tem é criada quando o primeiro lead precisa dela",
            "Un origen de esa lista que Krayin no tiene se crea cuando lo necesita el primer lead",
        ))
        .default(NO),
    Setting::asked("lead_type_id", Kind::Id, words("Type of new leads", "Tipo de novos leads", "Tipo de los leads nuevos"))
        .help(NAME_OR_ID)
        .default(words("the first", "o primeiro", "el primero")),
    Setting::new("api_dialect", Kind::Dialect, SetBy::Administrator)
        .help(words("Which paths serve which call", "Que caminhos servem a cada chamada", "Qué rutas sirven a cada llamada"))
        .default(words("what answers", "o que responde", "la que responde")),
    Setting::found("default_pipeline_id", Kind::Id)
        .help(words("The default pipeline", "O funil padrão", "El embudo predeterminado")),
    Setting::found("default_pipeline_name", Kind::Text).help(ITS_NAME).shown(true),
    Setting::found("default_stage_id", Kind::Id)
        .help(words("Its first stage", "A primeira etapa", "Su primera etapa")),
    Setting::found("default_stage_name", Kind::Text).help(ITS_NAME).shown(true),
    Setting::found("default_source_id", Kind::Id)
        .help(words("The source \"Website\" or \"Web\", else the first", "A origem \"Website\" ou \"Web\", senão a primeira", "El origen \"Website\" o \"Web\", si no el primero")),
    Setting::found("default_source_name", Kind::Text).help(ITS_NAME).shown(true),
    Setting::found("default_lead_type_id", Kind::Id)
        .help(words("The first type", "O primeiro tipo", "El primer tipo")),
    Setting::found("default_lead_type_name", Kind::Text).help(ITS_NAME).shown(true),
    Setting::found("traits", Kind::ServerProfile)
        .help(words("What the server is like; learned again every hour", "Como é o servidor; aprendido de novo a cada hora", "Cómo es el servidor; se aprende de nuevo cada hora")),
    Setting::found("tokens_refused", Kind::Texts)
        .help(words("Which of several tokens Krayin refuses, by their order", "Quais de vários tokens o Krayin recusa, por ordem", "Cuáles de varios tokens rechaza Krayin, por orden"))
        .shown(true),
    Setting::found("shares_with", Kind::Id)
        .help(words("The connection of the account that has the same Krayin with another token", "A conexão da conta que tem o mesmo Krayin com outro token", "La conexión de la cuenta que tiene el mismo Krayin con otro token")),
    Setting::found("setup_error", Kind::Text)
        .help(words("Why the set-up failed, or the token was refused", "Por que a configuração falhou ou o token foi recusado", "Por qué falló la configuración o se rechazó el token"))
        .shown(true),
    Setting::found("setup_error_at", Kind::Text)
        .help(words("Since when", "Desde quando", "Desde cuándo")),
    Setting::found("setup_warnings", Kind::Text)
        .help(words("What the settings name that is not there, and what this Krayin cannot do", "O que as configurações citam e não existe, e o que este Krayin não consegue fazer", "Lo que los ajustes nombran y no existe, y lo que este Krayin no puede hacer"))
        .shown(true),
    Setting::new("attempt_timeout", Kind::Seconds, SetBy::Installation)
        .help(words("The longest that one attempt may take", "O máximo que uma tentativa pode durar", "Lo máximo que puede durar un intento"))
        .default(word("30 s")),
    Setting::new("deadline", Kind::Seconds, SetBy::Installation)
        .help(words("The longest that one call may take with all its attempts", "O máximo que uma chamada pode durar com todas as tentativas", "Lo máximo que puede durar una llamada con todos sus intentos"))
        .default(word("90 s")),
    Setting::new("allow_http", Kind::Toggle, SetBy::Installation)
        .help(words("Whether plain http may go to other machines than this one", "Se http simples pode ir a outras máquinas além desta", "Si http simple puede ir a otras máquinas que esta"))
        .default(NO),
    Setting::new("allowed_hosts", Kind::Texts, SetBy::Installation)
        .help(words("Hosts that may have private addresses", "Hosts que podem ter endereços privados", "Hosts que pueden tener direcciones privadas"))
        .default(NOTHING),
    Setting::new("allow_loopback", Kind::Toggle, SetBy::Installation)
        .help(words("Whether a Krayin may be on this machine without being one of allowed_hosts", "Se o Krayin pode estar nesta máquina sem constar de allowed_hosts", "Si un Krayin puede estar en esta máquina sin figurar en allowed_hosts"))
        .default(words("yes, but for Rails in production", "sim, menos no Rails em produção", "sí, salvo en Rails en producción")),
    Setting::new("proxy", Kind::Secret, SetBy::Installation)
        .help(words("The proxy that requests go by", "O proxy pelo qual as requisições passam", "El proxy por el que pasan las peticiones"))
        .default(words("the environment's", "o do ambiente", "el del entorno")),
    Setting::new("ca_file", Kind::Text, SetBy::Installation)
        .help(words("A file of authorities to trust beside the machine's", "Um arquivo de autoridades de confiança, além das da máquina", "Un archivo de autoridades de confianza, además de las de la máquina"))
        .default(NOTHING),
    Setting::new("ca_path", Kind::Text, SetBy::Installation)
        .help(words("A folder of such files", "Uma pasta de tais arquivos", "Una carpeta de tales archivos"))
        .default(NOTHING),
    Setting::new("client_certificate", Kind::Text, SetBy::Installation)
        .help(words("The file with the certificate that servers are shown", "O arquivo com o certificado mostrado aos servidores", "El archivo con el certificado que se muestra a los servidores"))
        .default(NOTHING),
    Setting::new("client_key", Kind::Text, SetBy::Installation)
        .help(words("The file with its key", "O arquivo com a chave dele", "El archivo con su clave"))
        .default(NOTHING),
    Setting::new("default_country", Kind::Country, SetBy::Installation)
        .help(words("The two letters of the country that phone numbers are of which say none", "As duas letras do país dos números que não dizem nenhum", "Las dos letras del país de los números que no dicen ninguno"))
        .default(words("the contact's own", "o do contato", "el del contacto")),
    Setting::new("on_contact_deleted", Kind::OneOf(&[
            ("keep", words("All of it stays", "Tudo permanece", "Todo se queda")),
            ("unlink_and_mark", words("A note says so", "Uma nota diz isso", "Una nota lo dice")),
            ("erase", words("What was said goes, and what of person and lead nobody has changed", "O que foi dito é apagado, e o que ninguém mudou da pessoa e do lead", "Se borra lo que se dijo, y lo que nadie cambió de la persona y del lead")),
        ]), SetBy::Installation)
        .help(words("What becomes in Krayin of a contact that was deleted in Chatwoot", "O que acontece no Krayin com um contato excluído no Chatwoot", "Qué pasa en Krayin con un contacto eliminado en Chatwoot"))
        .default(word("keep")),
    Setting::new("digest_key", Kind::Secret, SetBy::Installation)
        .help(words("What digests of what was sent are made with", "Com que se fazem os resumos do que foi enviado", "Con qué se hacen los resúmenes de lo enviado"))
        .default(words("one of Rails' own secret", "uma do segredo do Rails", "una del secreto de Rails")),
];

/// The setting of that key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Reads the keys of `object` that are settings, each in its kind's own form; those that are blank are left out. Whoever
/// asks for a setting, in whatever language, asks this.
///
/// # Errors
/// Names every key that has a value of the wrong kind.
pub fn read(object: &Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
    let mut read = Map::new();
    let mut problems = Vec::new();
    for setting in SETTINGS {
        let Some(value) = object.get(setting.key).filter(|value| !is_blank(setting.kind, value)) else { continue };
        match setting.kind.read(value) {
            Some(value) => {
                read.insert(setting.key.to_owned(), value);
            }
            None => problems.push(setting.kind.problem(setting.key, value)),
        }
    }
    for (policy, list) in [("on_label", "lead_labels"), ("by_inbox", "lead_inboxes")] {
        if read.get("lead_policy").is_some_and(|kept| kept == policy)
            && read.get(list).and_then(Value::as_array).is_none_or(Vec::is_empty)
        {
            problems.push(Problem::ListMissing { key: list.to_owned(), policy: policy.to_owned() });
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(SettingsError { problems }) }
}

/// A list that was cleared is an empty one: it is not to show what it did not.
fn is_blank(kind: Kind, value: &Value) -> bool {
    value.is_null() || (!matches!(kind, Kind::Texts) && value.as_str().is_some_and(|text| text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::{SETTINGS, SetBy, find, read};
    use crate::settings::{Kind, Settings};

    #[test]
    fn each_is_there_once_and_says_what_it_is() {
        let keys: HashSet<_> = SETTINGS.iter().map(|setting| setting.key).collect();
        assert_eq!(keys.len(), SETTINGS.len());
        for setting in SETTINGS {
            for words in [setting.help, setting.label] {
                let all = [words.en, words.pt, words.es];
                assert!(all.iter().all(|text| text.is_empty() == words.en.is_empty()), "{setting:?}");
                assert!(all.iter().all(|text| !text.ends_with('.')), "{setting:?}");
            }
            assert!(!setting.help.en.is_empty(), "{setting:?}");
            assert!(setting.kind != Kind::Secret || !setting.shown, "{setting:?}");
            assert!(setting.label.en.is_empty() || setting.set_by == SetBy::Administrator, "{setting:?}");
        }
        assert!(find("api_url").is_some_and(|setting| setting.required) && find("other").is_none());
    }

    #[test]
    fn no_odd_value_of_any_gets_past_the_reader() {
        // Whatever the table takes, the settings take, and the other way round.
        let odd = [
            json!(null),
            json!(""),
            json!(" x "),
            json!("1.0"),
            json!("Infinity"),
            json!("t"),
            json!(true),
            json!(-1),
            json!(3.0),
            json!(1e300),
            json!([]),
            json!(["a"]),
            json!([1]),
            json!({}),
            json!({"pipelines": 5}),
        ];
        for setting in SETTINGS {
            for value in &odd {
                let object = json!({setting.key: value});
                let object = object.as_object().unwrap();
                assert_eq!(read(object).is_ok(), Settings::from_object(object).is_ok(), "{object:?}");
            }
        }
    }
}
